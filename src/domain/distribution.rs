//! Counts: everything a figure is made from. Integers only.

use super::questionnaire::{QuestionnaireVersion, Scale};

/// Counts per level of one criterion (or of several, pooled), plus not applicable.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Distribution {
    /// Answers "not applicable".
    pub not_applicable: u64,
    /// Answers per ordinal; unused places stay 0.
    pub levels: [u64; Scale::MAX_LEVELS],
}

impl Distribution {
    /// Number of answers with a level.
    pub fn answered(&self) -> u64 {
        self.levels.iter().sum()
    }

    /// Counts one stored answer (ordinal, 0 for not applicable).
    pub fn count(&mut self, ordinal: u8) {
        match usize::from(ordinal).checked_sub(1).and_then(|place| self.levels.get_mut(place)) {
            Some(count) => *count += 1,
            None => self.not_applicable += 1,
        }
    }

    /// Adds another distribution.
    pub fn add(&mut self, other: &Self) {
        self.not_applicable += other.not_applicable;
        for (count, more) in self.levels.iter_mut().zip(other.levels) {
            *count += more;
        }
    }

    /// Takes away what was added before; `None` if there is less than that.
    pub fn take(&mut self, other: &Self) -> Option<()> {
        self.not_applicable = self.not_applicable.checked_sub(other.not_applicable)?;
        for (count, less) in self.levels.iter_mut().zip(other.levels) {
            *count = count.checked_sub(less)?;
        }
        Some(())
    }
}

/// Sums over respondents for one part (an element or the whole), from which the variance of a mean of
/// criteria follows without treating one person's answers as independent. For each respondent with at
/// least one applicable answer: `m` applicable answers, `s` satisfied ones, `v` sum of level values.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Moments {
    /// Number of such respondents.
    pub respondents: i64,
    /// Sum of m.
    pub m: i64,
    /// Sum of m².
    pub mm: i64,
    /// Sum of s.
    pub s: i64,
    /// Sum of s².
    pub ss: i64,
    /// Sum of s·m.
    pub sm: i64,
    /// Sum of v.
    pub v: i64,
    /// Sum of v².
    pub vv: i64,
    /// Sum of v·m.
    pub vm: i64,
}

impl Moments {
    /// The moments of one respondent's answers to the criteria at `places`.
    pub fn of(version: &QuestionnaireVersion, places: &[usize], answers: &[u8]) -> Self {
        let (mut m, mut s, mut v) = (0, 0, 0);
        for place in places {
            let level =
                version.criteria.get(*place).zip(answers.get(*place)).and_then(|(criterion, ordinal)| {
                    version.scale_of(criterion).and_then(|scale| scale.level(*ordinal))
                });
            if let Some(level) = level {
                m += 1;
                s += i64::from(level.satisfied);
                v += i64::from(level.value);
            }
        }
        let respondents = i64::from(m > 0);
        Self { respondents, m, mm: m * m, s, ss: s * s, sm: s * m, v, vv: v * v, vm: v * m }
    }

    /// Adds other respondents.
    pub fn add(&mut self, other: &Self) {
        self.respondents += other.respondents;
        self.m += other.m;
        self.mm += other.mm;
        self.s += other.s;
        self.ss += other.ss;
        self.sm += other.sm;
        self.v += other.v;
        self.vv += other.vv;
        self.vm += other.vm;
    }

    /// Takes away respondents who were added before; `None` if there is less than that. No sum is ever negative.
    pub fn take(&mut self, other: &Self) -> Option<()> {
        let less = |held: i64, other: i64| held.checked_sub(other).filter(|rest| *rest >= 0);
        *self = Self {
            respondents: less(self.respondents, other.respondents)?,
            m: less(self.m, other.m)?,
            mm: less(self.mm, other.mm)?,
            s: less(self.s, other.s)?,
            ss: less(self.ss, other.ss)?,
            sm: less(self.sm, other.sm)?,
            v: less(self.v, other.v)?,
            vv: less(self.vv, other.vv)?,
            vm: less(self.vm, other.vm)?,
        };
        Some(())
    }
}
