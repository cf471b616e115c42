//! Serial numbers that are missing.

/// How many numbers later one may still come without being missing.
pub const LATE: u64 = 512;
const WORDS: usize = 8;
/// The kernel counts in 32 bits.
const LAST: u64 = u32::MAX as u64;

/// A step further than this is no gap, but another count of numbers.
const MOST_MISSING: u64 = 1 << 24;

/// Which serial numbers of one host's events were seen.
///
/// A missing number is a hint that records were lost, never a proof: auditd may leave events out, and a number that the
/// kernel gave need not come to a record. A number far below the last one is that of a new boot.
#[derive(Debug, Clone, Default)]
pub struct Serials {
    newest: Option<u64>,
    /// The newest number and those before it, a bit each, the newest in the first one: whether it was seen.
    seen: [u64; WORDS],
    /// How many numbers before the newest one, of those in `seen`, are to be expected.
    expected: u64,
    missing: u64,
    late: u64,
}

impl Serials {
    /// Takes the number of an event, or of one record of it.
    pub fn add(&mut self, serial: u64) {
        let Some(newest) = self.newest else { return self.start(serial) };
        if serial == newest {
            return;
        }
        let is_last = |serial: u64| (LAST - LATE..=LAST).contains(&serial);
        let has_wrapped = is_last(newest) && serial < LATE;
        if is_last(serial) && newest < LATE {
            self.late += 1;
            return;
        }
        let ahead = if has_wrapped { Some(serial + (LAST - newest)) } else { serial.checked_sub(newest) };
        match ahead {
            Some(ahead) if ahead > MOST_MISSING => {
                self.settle();
                self.start(serial);
            }
            Some(ahead) => self.advance(serial, ahead.max(1)),
            None if newest - serial <= self.expected => {
                let behind = newest - serial;
                if !self.is_seen(behind) {
                    self.late += 1;
                    self.mark(behind);
                }
            }
            None if newest - serial <= LATE => {}
            None => {
                self.settle();
                self.start(serial);
            }
        }
    }

    /// How many numbers are missing, those that may still come among them.
    #[must_use]
    pub fn missing(&self) -> u64 {
        self.missing + self.open()
    }

    /// How many came behind a later one.
    #[must_use]
    pub fn late(&self) -> u64 {
        self.late
    }

    fn start(&mut self, serial: u64) {
        self.newest = Some(serial);
        self.seen = [0; WORDS];
        self.expected = 0;
        self.mark(0);
    }

    /// Missing numbers among those that may still come.
    fn open(&self) -> u64 {
        (1..=self.expected).filter(|behind| !self.is_seen(*behind)).count() as u64
    }

    fn settle(&mut self) {
        self.missing += self.open();
        self.expected = 0;
    }

    fn advance(&mut self, serial: u64, ahead: u64) {
        if ahead >= LATE {
            self.settle();
            self.missing += ahead - LATE;
            self.start(serial);
            self.expected = LATE - 1;
            return;
        }
        for _ in 0..ahead {
            let falls_out = self.expected == LATE - 1;
            self.missing += u64::from(falls_out && !self.is_seen(LATE - 1));
            let mut carried = 0;
            for word in &mut self.seen {
                let next = *word >> 63;
                *word = *word << 1 | carried;
                carried = next;
            }
            self.expected = (self.expected + 1).min(LATE - 1);
        }
        self.newest = Some(serial);
        self.mark(0);
    }

    fn mark(&mut self, behind: u64) {
        if let Some(word) = usize::try_from(behind / 64).ok().and_then(|at| self.seen.get_mut(at)) {
            *word |= 1 << (behind % 64);
        }
    }

    fn is_seen(&self, behind: u64) -> bool {
        usize::try_from(behind / 64)
            .ok()
            .and_then(|at| self.seen.get(at))
            .is_some_and(|word| word >> (behind % 64) & 1 != 0)
    }
}

/// Most hosts whose numbers are watched.
const MOST_HOSTS: usize = 64;

/// The serial numbers of the hosts whose records are in one log.
#[derive(Debug, Clone, Default)]
pub struct SerialsOfHosts {
    hosts: Vec<(Option<Vec<u8>>, Serials)>,
    /// The host of the number before.
    last: usize,
}

impl SerialsOfHosts {
    /// Takes the number of an event of a host.
    pub fn add(&mut self, node: Option<&[u8]>, serial: u64) {
        let is_same = |host: &(Option<Vec<u8>>, Serials)| host.0.as_deref() == node;
        if !self.hosts.get(self.last).is_some_and(is_same) {
            match self.hosts.iter().position(is_same) {
                Some(at) => self.last = at,
                None if self.hosts.len() < MOST_HOSTS => {
                    self.last = self.hosts.len();
                    self.hosts.push((node.map(<[u8]>::to_vec), Serials::default()));
                }
                None => return,
            }
        }
        if let Some((_, serials)) = self.hosts.get_mut(self.last) {
            serials.add(serial);
        }
    }

    /// How many numbers are missing.
    #[must_use]
    pub fn missing(&self) -> u64 {
        self.hosts.iter().map(|(_, serials)| serials.missing()).sum()
    }

    /// How many came behind a later one.
    #[must_use]
    pub fn late(&self) -> u64 {
        self.hosts.iter().map(|(_, serials)| serials.late()).sum()
    }
}
