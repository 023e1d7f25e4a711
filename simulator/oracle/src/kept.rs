//! What is known now, and what of it a storage has.

/// A value on its way to be durable, or there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kept<T> {
    now: T,
    on_its_way: Option<T>,
    durable: T,
}

impl<T: Clone> Kept<T> {
    pub(crate) fn stored(value: T) -> Self {
        Self { now: value.clone(), on_its_way: None, durable: value }
    }

    pub(crate) const fn now(&self) -> &T {
        &self.now
    }

    pub(crate) const fn now_mut(&mut self) -> &mut T {
        &mut self.now
    }

    /// It is being written down as it is.
    pub(crate) fn write(&mut self) {
        self.on_its_way = Some(self.now.clone());
    }

    /// What was being written down is durable.
    pub(crate) fn confirm(&mut self) {
        if let Some(written) = self.on_its_way.take() {
            self.durable = written;
        }
    }

    /// What a storage may give back after a crash.
    pub(crate) fn may_be(&self, is_it: impl Fn(&T) -> bool) -> bool {
        is_it(&self.durable) || self.on_its_way.as_ref().is_some_and(is_it)
    }

    pub(crate) const fn durable(&self) -> &T {
        &self.durable
    }
}
