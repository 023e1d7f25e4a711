/*
 * A disk that can fail, and that remembers what it was told.
 *
 * Loaded before libc, it takes the place of every call that changes a file. Calls on files in the folder
 * DISK_DIR are numbered from 1; the one with the number DISK_FAULT_AT fails as DISK_FAULT says (with a `+`
 * behind the number so do all that follow). What happened is written to the file DISK_JOURNAL, in order:
 * which call, on which file, and with what bytes. `src/journal.rs` reads it and knows what each record holds.
 * Nothing is synced for real: tests kill processes, not machines.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *dir;
static size_t dir_len;
static const char *fault;
static uint64_t fault_at, n_calls;
static int goes_on, journal = -1, is_set_up;

static void set_up(void) {
    if (is_set_up) return;
    is_set_up = 1;
    dir = getenv("DISK_DIR");
    if (!dir) return;
    dir_len = strlen(dir);
    fault = getenv("DISK_FAULT");
    const char *at = getenv("DISK_FAULT_AT"), *path = getenv("DISK_JOURNAL");
    if (at) {
        fault_at = strtoull(at, NULL, 10);
        goes_on = strchr(at, '+') != NULL;
    }
    if (path)
        journal = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static void put(const void *bytes, size_t len) {
    const char *from = bytes;
    while (len) {
        ssize_t n = syscall(SYS_write, journal, from, len);
        if (n <= 0) abort();
        from += n;
        len -= n;
    }
}

/* One record: what, the number of the call (0: none), inode, offset or length, name, bytes. */
static void note(char what, uint64_t inode, uint64_t at, const char *name, const void *bytes, uint32_t len) {
    if (journal < 0) return;
    uint32_t name_len = strlen(name);
    char head[33];
    uint64_t numbers[3] = {n_calls, inode, at};
    uint32_t lens[2] = {name_len, len};
    head[0] = what;
    memcpy(head + 1, numbers, 24);
    memcpy(head + 25, lens, 8);
    put(head, sizeof head);
    put(name, name_len);
    put(bytes, len);
}

/* The path within DISK_DIR ("" for itself), or NULL. */
static const char *inside(const char *path) {
    set_up();
    if (!dir || strncmp(path, dir, dir_len)) return NULL;
    if (!path[dir_len]) return path + dir_len;
    return path[dir_len] == '/' ? path + dir_len + 1 : NULL;
}

/* The same of an open file; also its inode. */
static const char *inside_open(int fd, char *room, uint64_t *inode) {
    char link[64];
    struct stat facts;
    set_up();
    if (!dir) return NULL;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, room, 4095);
    if (len < 0) return NULL;
    room[len] = 0;
    if (!inside(room) || fstat(fd, &facts)) return NULL;
    *inode = facts.st_ino;
    return inside(room);
}

/* Counts a call; the fault that it has, or NULL. */
static const char *strikes(const char *name) {
    n_calls++;
    if (!fault || !fault_at || n_calls < fault_at || (n_calls != fault_at && !goes_on)) return NULL;
    note('!', 0, 0, name, fault, strlen(fault));
    return fault;
}

static int is(const char *word, const char *other) { return word && !strcmp(word, other); }

/* Fails with the fault's error. */
static int fail(const char *word) {
    errno = is(word, "enospc") || is(word, "short") ? ENOSPC : is(word, "eintr") ? EINTR : EIO;
    return -1;
}

typedef ssize_t writer(int fd, const struct iovec *parts, int n_parts, off_t at);

static ssize_t at_place(int fd, const struct iovec *parts, int n_parts, off_t at) {
    return syscall(SYS_pwritev, fd, parts, n_parts, (long)at, 0L);
}

static ssize_t at_end(int fd, const struct iovec *parts, int n_parts, off_t at) {
    (void)at;
    return syscall(SYS_writev, fd, parts, n_parts);
}

/* Where a write without a place goes. */
static off_t place_of(int fd) {
    struct stat facts;
    if (fcntl(fd, F_GETFL) & O_APPEND) return fstat(fd, &facts) ? 0 : facts.st_size;
    return lseek(fd, 0, SEEK_CUR);
}

/* Writes whole, in part or not at all. */
static ssize_t write_to(int fd, const void *bytes, size_t len, off_t at, writer *how) {
    char room[4096];
    uint64_t inode = 0;
    struct iovec part = {(void *)bytes, len};
    const char *name = inside_open(fd, room, &inode);
    if (!name) {
        ssize_t n = how(fd, &part, 1, at);
        /* What the program says is told among what it writes. */
        if (fd == STDOUT_FILENO && dir && n > 0) note('M', 0, 0, "", bytes, n);
        return n;
    }
    const char *struck = strikes(name);
    int in_part = is(struck, "short") || is(struck, "torn");
    if (how == at_end) at = place_of(fd);
    if (in_part) part.iov_len = len / 2;
    ssize_t n = struck && !in_part ? fail(struck) : how(fd, &part, 1, at);
    note('W', inode, at, name, bytes, n < 0 ? 0 : n);
    if (is(struck, "torn")) return fail(struck);
    return n == 0 && is(struck, "short") ? fail(struck) : n;
}

ssize_t write(int fd, const void *bytes, size_t len) {
    pthread_mutex_lock(&lock);
    ssize_t n = write_to(fd, bytes, len, 0, at_end);
    pthread_mutex_unlock(&lock);
    return n;
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t at) {
    pthread_mutex_lock(&lock);
    ssize_t n = write_to(fd, bytes, len, at, at_place);
    pthread_mutex_unlock(&lock);
    return n;
}

ssize_t pwrite64(int fd, const void *bytes, size_t len, off_t at) { return pwrite(fd, bytes, len, at); }

/* Whoever writes several parts may be told that only the first was. */
ssize_t writev(int fd, const struct iovec *parts, int n_parts) {
    for (int i = 0; i < n_parts; i++)
        if (parts[i].iov_len) return write(fd, parts[i].iov_base, parts[i].iov_len);
    return 0;
}

static int sync_of(int fd) {
    char room[4096];
    uint64_t inode = 0;
    const char *name = inside_open(fd, room, &inode);
    if (!name) return 0;
    const char *struck = strikes(name);
    note(struck ? 'L' : 'S', inode, 0, name, "", 0);
    return struck ? fail(struck) : 0;
}

int fsync(int fd) {
    pthread_mutex_lock(&lock);
    int result = sync_of(fd);
    pthread_mutex_unlock(&lock);
    return result;
}

int fdatasync(int fd) { return fsync(fd); }

static int cut(int fd, off_t len) {
    char room[4096];
    uint64_t inode = 0;
    const char *name = inside_open(fd, room, &inode);
    const char *struck = name ? strikes(name) : NULL;
    int result = struck ? fail(struck) : (int)syscall(SYS_ftruncate, fd, (long)len);
    if (name) note(result ? 'n' : 'T', inode, len, name, "", 0);
    return result;
}

int ftruncate(int fd, off_t len) {
    pthread_mutex_lock(&lock);
    int result = cut(fd, len);
    pthread_mutex_unlock(&lock);
    return result;
}

int ftruncate64(int fd, off_t len) { return ftruncate(fd, len); }

/* These must be refused, or files would change unseen; callers have another way. */
int fallocate(int fd, int mode, off_t at, off_t len) {
    (void)fd, (void)mode, (void)at, (void)len;
    errno = EOPNOTSUPP;
    return -1;
}

int posix_fallocate(int fd, off_t at, off_t len) {
    (void)fd, (void)at, (void)len;
    return EOPNOTSUPP;
}

ssize_t copy_file_range(int from, off64_t *from_at, int to, off64_t *to_at, size_t len, unsigned flags) {
    (void)from, (void)from_at, (void)to, (void)to_at, (void)len, (void)flags;
    errno = ENOSYS;
    return -1;
}

ssize_t sendfile64(int to, int from, off64_t *at, size_t len) {
    (void)to, (void)from, (void)at, (void)len;
    errno = ENOSYS;
    return -1;
}

/* A call on names: nothing of it happens when it is struck. */
static int named(char what, const char *name, const char *to, long (*act)(const char *, const char *, int), const char *path, const char *path_to, int mode) {
    pthread_mutex_lock(&lock);
    const char *struck = strikes(name);
    int result = struck ? fail(struck) : (int)act(path, path_to, mode);
    int error = errno;
    note(result < 0 ? 'n' : what, 0, 0, name, to, strlen(to));
    errno = error;
    pthread_mutex_unlock(&lock);
    return result;
}

static long do_rename(const char *from, const char *to, int mode) {
    (void)mode;
    return syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

static long do_link(const char *from, const char *to, int mode) {
    (void)mode;
    return syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0);
}

static long do_unlink(const char *path, const char *to, int mode) {
    (void)to;
    return syscall(SYS_unlinkat, AT_FDCWD, path, mode);
}

static long do_mkdir(const char *path, const char *to, int mode) {
    (void)to;
    return syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}

int rename(const char *from, const char *to) {
    const char *name = inside(to);
    if (!name || !inside(from)) return (int)do_rename(from, to, 0);
    return named('R', inside(from), name, do_rename, from, to, 0);
}

int link(const char *from, const char *to) {
    const char *name = inside(to);
    if (!name || !inside(from)) return (int)do_link(from, to, 0);
    return named('H', inside(from), name, do_link, from, to, 0);
}

int linkat(int from_dir, const char *from, int to_dir, const char *to, int flags) {
    if (from_dir == AT_FDCWD && to_dir == AT_FDCWD && !flags) return link(from, to);
    return (int)syscall(SYS_linkat, from_dir, from, to_dir, to, flags);
}

int unlink(const char *path) {
    const char *name = inside(path);
    /* What is not there is no call worth failing. */
    if (!name || access(path, F_OK)) return (int)do_unlink(path, "", 0);
    return named('U', name, "", do_unlink, path, "", 0);
}

int unlinkat(int folder, const char *name, int flags) {
    char room[4096];
    uint64_t inode;
    if (folder == AT_FDCWD || name[0] == '/') return flags ? rmdir(name) : unlink(name);
    if (!inside_open(folder, room, &inode) || strlen(room) + strlen(name) + 2 > sizeof room)
        return (int)syscall(SYS_unlinkat, folder, name, flags);
    strcat(strcat(room, "/"), name);
    return flags ? rmdir(room) : unlink(room);
}

int rmdir(const char *path) {
    const char *name = inside(path);
    if (!name) return (int)do_unlink(path, "", AT_REMOVEDIR);
    return named('U', name, "", do_unlink, path, "", AT_REMOVEDIR);
}

int mkdir(const char *path, mode_t mode) {
    const char *name = inside(path);
    if (!name || !access(path, F_OK)) return (int)do_mkdir(path, "", mode);
    return named('D', name, "", do_mkdir, path, "", mode);
}

static int open_file(const char *path, int flags, mode_t mode) {
    const char *name = flags & (O_CREAT | O_TRUNC) ? inside(path) : NULL;
    if (!name) return syscall(SYS_openat, AT_FDCWD, path, flags, mode);
    int is_new = access(path, F_OK) != 0;
    if (!is_new && !(flags & O_TRUNC)) return syscall(SYS_openat, AT_FDCWD, path, flags, mode);
    const char *struck = strikes(name);
    int fd = struck ? fail(struck) : (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
    int error = errno;
    struct stat facts = {0};
    if (fd >= 0) fstat(fd, &facts);
    note(fd < 0 ? 'n' : is_new ? 'C' : 'T', facts.st_ino, 0, name, "", 0);
    errno = error;
    return fd;
}

int open(const char *path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0;
    va_end(more);
    pthread_mutex_lock(&lock);
    int fd = open_file(path, flags, mode);
    pthread_mutex_unlock(&lock);
    return fd;
}

int open64(const char *path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0;
    va_end(more);
    return open(path, flags, mode);
}
