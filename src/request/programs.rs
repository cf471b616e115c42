//! Where a request gives rules, so that what only a host can tell may be put in their place.

use super::{Expected, Pointer, Request, RuleInput, RuleObject, Rules, State};

/// Rules of a request, with what is around them.
#[derive(Debug)]
pub struct GivenRules<'r> {
    /// The rules.
    pub rules: &'r mut Rules,
    /// JSON pointer of the rules.
    pub pointer: String,
    /// The name of the drop-in that is to hold them; none where that is no matter.
    pub drop_in: Option<&'r str>,
    /// Whether the drop-in may be empty.
    pub allow_empty: bool,
    /// Whether these rules are to be taken away.
    pub is_absent: bool,
}

impl Request {
    /// All rules that are to be had, or expected.
    pub fn given_rules(&mut self) -> Vec<GivenRules<'_>> {
        self.given_below("")
    }

    fn given_below(&mut self, prefix: &str) -> Vec<GivenRules<'_>> {
        let (allow_empty, is_absent) = (self.allow_empty, self.state == State::Absent);
        let mut given = Vec::new();
        if let Some(rules) = &mut self.rules {
            let (pointer, drop_in) = (format!("{prefix}/rules"), self.name.as_deref());
            given.push(GivenRules { rules, pointer, drop_in, allow_empty, is_absent });
        }
        for (name, said) in self.drop_ins.iter_mut().flatten() {
            let Some(rules) = &mut said.rules else { continue };
            let at = Pointer::Key(&Pointer::Key(&Pointer::Root, "drop_ins"), name).to_string();
            let pointer = format!("{prefix}{at}/rules");
            given.push(GivenRules { rules, pointer, drop_in: Some(name), allow_empty, is_absent: false });
        }
        match &mut self.expect {
            Some(Expected::Request(request)) => given.extend(request.given_below(&format!("{prefix}/expect"))),
            Some(Expected::Rules(rules)) => {
                let pointer = format!("{prefix}/expect");
                given.push(GivenRules { rules, pointer, drop_in: None, allow_empty: false, is_absent: false });
            }
            None => {}
        }
        given
    }
}

impl Rules {
    /// The objects that stand for programs of the host, with their places in the list.
    pub fn programs(&mut self) -> Vec<(usize, &mut RuleInput)> {
        let Self::List(entries) = self else { return Vec::new() };
        let is_meant = |object: &RuleObject| object.programs.is_some();
        let is_meant = |entry: &RuleInput| matches!(entry, RuleInput::Object(object) if is_meant(object));
        entries.iter_mut().enumerate().filter(|(_, entry)| is_meant(entry)).collect()
    }
}
