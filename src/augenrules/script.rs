//! Which `augenrules` a host has, and which awk runs it: both change what the merge gives.

/// The script that merges, and the awk that it calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Script {
    /// How it finds names and reads lines.
    pub generation: Generation,
    /// How it reads patterns.
    pub awk: Awk,
}

/// The generations of the script, as far as their output differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Generation {
    /// Up to 3.1: the names of `ls -1v` are split at white space; a carriage return at the end of a line stays.
    V3_0,
    /// 3.1.1 up to 4.1: as before, but one carriage return at the end of a line is dropped.
    V3_1_1,
    /// From 4.2: `sort -zV`, names with white space survive.
    V4_2,
}

/// The awk of a host, as far as what `augenrules` asks of it is answered differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Awk {
    /// The default of Debian and Ubuntu (1.3.4): `\s` is the letter s.
    Mawk,
    /// The default of most others: `\s` is white space.
    Gawk,
    /// Alpine and small images (1.35): `\s` is white space; a NUL ends a line as a newline does.
    Busybox,
    /// The one true awk (2022): `\s` is the letter s; what follows a NUL in a line is lost.
    Original,
}

impl Script {
    /// The newest script with the given awk: what is assumed where none is installed.
    #[must_use]
    pub fn newest(awk: Awk) -> Self {
        Self { generation: Generation::V4_2, awk }
    }

    /// Tells the generation from the text of an installed script.
    ///
    /// Comments are not looked at. A text in which nothing is recognised is taken for the newest generation.
    #[must_use]
    pub fn from_text(script: &[u8], awk: Awk) -> Self {
        let code = || script.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii_start().starts_with(b"#"));
        let has = |what: &[u8]| code().any(|line| line.windows(what.len()).any(|window| window == what));
        let generation = if has(b"sort -zV") || !has(b"ls -1v") {
            Generation::V4_2
        } else if has(br"sub(/\r$/") {
            Generation::V3_1_1
        } else {
            Generation::V3_0
        };
        Self { generation, awk }
    }
}

impl Generation {
    /// Whether one carriage return at the end of a line is dropped.
    #[must_use]
    pub fn drops_carriage_return(self) -> bool {
        self >= Self::V3_1_1
    }

    /// Whether a name is a pattern to the shell, so that files of other names are read in its place.
    #[must_use]
    pub fn expands_names(self) -> bool {
        self < Self::V3_1_1
    }

    /// Whether a name with white space in it falls into pieces, so that its file is lost.
    #[must_use]
    pub fn splits_names(self) -> bool {
        self < Self::V4_2
    }
}

impl Awk {
    /// Tells the awk from the name of the program that `awk` leads to, such as `mawk` or `gawk-5.2.1`.
    #[must_use]
    pub fn from_program(name: &[u8]) -> Option<Self> {
        const PROGRAMS: [(&[u8], Awk); 5] = [
            (b"mawk", Awk::Mawk),
            (b"gawk", Awk::Gawk),
            (b"busybox", Awk::Busybox),
            (b"original-awk", Awk::Original),
            (b"bwk", Awk::Original),
        ];
        PROGRAMS.iter().find(|(program, _)| name.starts_with(program)).map(|(_, awk)| *awk)
    }

    /// Whether `\s` in a pattern takes this byte.
    pub(super) fn is_blank(self, byte: u8) -> bool {
        match self {
            Self::Mawk | Self::Original => byte == b's',
            Self::Gawk | Self::Busybox => matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c),
        }
    }

    /// Whether this byte ends a line.
    pub(super) fn ends_line(self, byte: u8) -> bool {
        byte == b'\n' || (byte == 0 && self == Self::Busybox)
    }

    /// What this awk sees of a line.
    pub(super) fn seen(self, line: &[u8]) -> usize {
        match self {
            Self::Original => line.iter().position(|byte| *byte == 0).unwrap_or(line.len()),
            Self::Mawk | Self::Gawk | Self::Busybox => line.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Awk, Generation, Script};

    #[test]
    fn the_generation_is_told_from_the_code_and_not_from_comments() {
        let rows: [(&[u8], Generation); 5] = [
            (b"for rules in $(/bin/ls -1v ${Dir} | grep x) ; do\n", Generation::V3_0),
            (b"  # sort -zV\nfor rules in $(ls -1v ${Dir}) ; do\n", Generation::V3_0),
            (b"for rules in $(ls -1v ${Dir}) ; do\n  sub(/\\r$/, \"\");\n", Generation::V3_1_1),
            (b"done | sort -zV | xargs -0r cat -- | awk '\n sub(/\\r$/, \"\");\n", Generation::V4_2),
            (b"", Generation::V4_2),
        ];
        for (text, generation) in rows {
            assert_eq!(Script::from_text(text, Awk::Mawk), Script { generation, awk: Awk::Mawk });
        }
    }

    #[test]
    fn the_awk_is_told_from_its_program() {
        let rows: [(&[u8], Option<Awk>); 6] = [
            (b"mawk", Some(Awk::Mawk)),
            (b"gawk", Some(Awk::Gawk)),
            (b"gawk-5.2.1", Some(Awk::Gawk)),
            (b"busybox", Some(Awk::Busybox)),
            (b"original-awk", Some(Awk::Original)),
            (b"awk", None),
        ];
        for (name, awk) in rows {
            assert_eq!(Awk::from_program(name), awk);
        }
    }
}
