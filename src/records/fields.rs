//! The fields of a record's text.

use super::value::Value;

/// One field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field<'a> {
    /// Its name. `old auid=`, as kernels before 3.16 wrote, is named `old auid`.
    pub name: &'a [u8],
    /// Its value.
    pub value: Value<'a>,
}

/// The fields of a text, in their order. What is no `NAME=VALUE` is passed over.
///
/// The fields in `msg='...'` stand among the others. An access vector (`avc:  denied  { read } for  pid=...`) is two
/// fields before the others: `seresult`, and `seperms` with its words as they stand between the braces.
#[derive(Debug, Clone, Default)]
pub struct Fields<'a> {
    rest: &'a [u8],
    /// The permissions of an access vector, still to be given.
    permissions: Option<&'a [u8]>,
    is_at_start: bool,
    /// Whether the text of a program's `msg='...'` is being read.
    is_nested: bool,
}

impl<'a> Fields<'a> {
    /// The fields of a text.
    #[must_use]
    pub fn of(text: &'a [u8]) -> Self {
        Self { rest: text, permissions: None, is_at_start: true, is_nested: false }
    }

    /// `avc:  denied  { read write } for  pid=...`, from which the first two fields are made.
    fn access_vector(&mut self) -> Option<Field<'a>> {
        let text = self.rest.strip_prefix(b"avc:")?.trim_ascii_start();
        let end = position(text, |byte| byte == b' ')?;
        let (result, behind) = (text.get(..end)?, text.get(end..)?.trim_ascii_start());
        let behind = behind.strip_prefix(b"{")?;
        let end = position(behind, |byte| byte == b'}')?;
        self.permissions = behind.get(..end).map(<[u8]>::trim_ascii);
        self.rest = behind.get(end + 1..)?;
        Some(Field { name: b"seresult", value: Value::Plain(result) })
    }

    /// Takes a value from the text that begins with it.
    fn take_value(&mut self, name: &'a [u8]) -> Value<'a> {
        let rest = self.rest;
        if let Some(inside) = rest.strip_prefix(b"\"") {
            let end = position(inside, |byte| byte == b'"').unwrap_or(inside.len());
            self.rest = inside.get(end + 1..).unwrap_or_default();
            return Value::Quoted(inside.get(..end).unwrap_or_default());
        }
        if let Some(inside) = rest.strip_prefix(b"'").filter(|_| name != b"msg") {
            let end = position(inside, |byte| byte == b'\'').unwrap_or(inside.len());
            self.rest = inside.get(end + 1..).unwrap_or_default();
            return Value::Quoted(inside.get(..end).unwrap_or_default());
        }
        let end = position(rest, |byte| byte == b' ').unwrap_or(rest.len());
        let end = if name == b"ses" { end_of_session(rest, end) } else { end };
        let word = rest.get(..end).unwrap_or_default();
        self.rest = rest.get(end..).unwrap_or_default();
        let word = if self.is_nested { word.strip_suffix(b"'").unwrap_or(word) } else { word };
        Value::Plain(word.strip_suffix(b",").unwrap_or(word))
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    fn next(&mut self) -> Option<Field<'a>> {
        let is_at_start = std::mem::take(&mut self.is_at_start);
        if let Some(result) = is_at_start.then(|| self.access_vector()).flatten() {
            return Some(result);
        }
        if let Some(permissions) = self.permissions.take() {
            return Some(Field { name: b"seperms", value: Value::Plain(permissions) });
        }
        loop {
            let text = self.rest.trim_ascii_start();
            let end = position(text, |byte| byte == b'=' || byte == b' ')?;
            let word = text.get(..end)?;
            let behind = text.get(end + 1..)?;
            if text.get(end) == Some(&b' ') {
                self.rest = behind;
                let is_of_next = matches!(word, b"old" | b"new");
                let Some(end) = position(behind, |byte| byte == b'=' || byte == b' ').filter(|_| is_of_next) else {
                    continue;
                };
                if behind.get(end) == Some(&b'=') && end > 0 {
                    self.rest = behind.get(end + 1..)?;
                    let name = text.get(..word.len() + 1 + end)?;
                    return Some(Field { name, value: self.take_value(name) });
                }
                continue;
            }
            self.rest = behind;
            // The kernel writes `msg='` before what a program sent, and a quote behind it.
            if word == b"msg" && behind.starts_with(b"'") {
                self.rest = behind.get(1..)?;
                self.is_nested = true;
                continue;
            }
            return Some(Field { name: word, value: self.take_value(word) });
        }
    }
}

/// Where the number of a session ends: kernels since 4.18 write `ses=3op=remove_rule` where they drop a watch by themselves
/// (`audit_watch_log_rule_change`).
fn end_of_session(text: &[u8], end: usize) -> usize {
    let digits = position(text, |byte| !byte.is_ascii_digit()).unwrap_or(end);
    let is_glued = digits > 0 && text.get(digits..).is_some_and(|rest| rest.starts_with(b"op="));
    if is_glued { digits } else { end }
}

fn position(text: &[u8], is_meant: impl Fn(u8) -> bool) -> Option<usize> {
    text.iter().position(|byte| is_meant(*byte))
}
