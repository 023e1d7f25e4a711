/*
 * A disk that loses power: of every file only what was synced is kept.
 *
 * Loaded before libc, it takes the place of fsync and fdatasync, and copies what they make durable
 * into the folder PLATTER: the content of a file under its inode number, and of a folder, in `names`,
 * which inode stands under which name.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void keep_file(const char *open_file, const char *kept) {
    int from = open(open_file, O_RDONLY), to = open(kept, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    char bytes[1 << 16];
    ssize_t n;
    while ((n = read(from, bytes, sizeof bytes)) > 0)
        if (write(to, bytes, n) != n) abort();
    close(from);
    close(to);
}

static void keep_folder(const char *open_folder, const char *kept) {
    DIR *folder = opendir(open_folder);
    FILE *names = fopen(kept, "w");
    struct dirent *entry;
    if (!folder || !names) abort();
    while ((entry = readdir(folder)))
        if (entry->d_type == DT_REG) fprintf(names, "%lu %s\n", (unsigned long)entry->d_ino, entry->d_name);
    fclose(names);
    closedir(folder);
}

static int keep(int fd) {
    const char *platter = getenv("PLATTER");
    char opened[64], kept[4096];
    struct stat facts;
    if (!platter || fstat(fd, &facts)) return 0;
    snprintf(opened, sizeof opened, "/proc/self/fd/%d", fd);
    if (S_ISDIR(facts.st_mode)) {
        snprintf(kept, sizeof kept, "%s/names", platter);
        keep_folder(opened, kept);
    } else {
        snprintf(kept, sizeof kept, "%s/%lu", platter, (unsigned long)facts.st_ino);
        keep_file(opened, kept);
    }
    return 0;
}

int fsync(int fd) { return keep(fd); }
int fdatasync(int fd) { return keep(fd); }
