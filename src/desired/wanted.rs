//! The rules that a host should hold.

use std::rc::Rc;

use rustc_hash::{FxHashMap as HashMap, FxHashSet as HashSet};

use super::drop_in_rules::run_together;
use super::{DropIn, Files, Merge, Unasked, Work, forms, unasked};
use crate::boot_load::{BootLoad, LoadLine, Spot};
use crate::lines::{HostRule, Reader};
use crate::plan::Wanted;
use crate::plan::rules::RuleForms;
use crate::request::PermSyscalls;
use crate::rule::{Machine, Rule};
use crate::set_aside::{self, Outdated};
use crate::settings::Settings;

/// The rules that are wanted.
pub(super) struct WantedRules {
    /// All of them, in their order.
    pub rules: Vec<Wanted>,
    /// The same, as the kernel lists them.
    listed: HashSet<Rc<Rule>>,
    /// Those that the kernel alone is to hold and that the request does not ask for, with the places of their comments.
    beside: Vec<(Spot, RuleForms)>,
}

impl WantedRules {
    /// Those of these rules that are not wanted any more, watches of either kind.
    pub(super) fn dropped(&self, rules: &[Rc<HostRule>], perm_syscalls: PermSyscalls) -> Vec<RuleForms> {
        let is_gone = |rule: &Rc<HostRule>| !self.listed.contains(&rule.listed);
        let gone = rules.iter().filter(|rule| is_gone(rule)).flat_map(HostRule::of_either_kind);
        gone.filter(is_gone).map(|rule| forms(&rule.line, perm_syscalls)).collect()
    }

    /// What rules.d says and the request does not ask for: these comments too ask for their rules.
    pub(super) fn unasked(
        &self,
        comments: &[Outdated],
        load: &BootLoad,
        settings: &Settings,
        machine: &Machine,
    ) -> Vec<Unasked> {
        let lines = self.rules.iter().filter(|wanted| !wanted.is_asked_for);
        let lines = lines.filter_map(|wanted| Some((wanted.spot.clone()?, wanted.forms.clone())));
        let comments = comments.iter().map(|one| (one.spot.clone(), forms(&one.rule.line, PermSyscalls::All)));
        let all = self.beside.iter().cloned().chain(lines).chain(comments);
        unasked::unasked(all.collect(), load, settings, machine)
    }
}

impl Work<'_> {
    /// The rules that are wanted of the load of these drop-ins, and of what they ask for beside it. `is_asked_for` tells of a
    /// rule as the kernel lists it whether the request asks for it.
    pub(super) fn wanted_rules(
        &mut self,
        load: &BootLoad,
        after: &[DropIn],
        merge: &Merge,
        is_asked_for: &dyn Fn(&Rule) -> bool,
    ) -> WantedRules {
        let perm_syscalls = self.choices.perm_syscalls;
        let wanted = |rule: &HostRule, spot: Option<Spot>| Wanted {
            forms: forms(&rule.line, perm_syscalls),
            is_asked_for: is_asked_for(&rule.listed),
            is_watch: rule.line.watch.is_some(),
            spot,
        };
        let mut rules: Vec<Wanted> =
            load.rules.iter().map(|loaded| wanted(&loaded.rule, Some(loaded.spot.clone()))).collect();
        let mut listed: HashSet<Rc<Rule>> = load.rules.iter().map(|loaded| Rc::clone(&loaded.rule.listed)).collect();
        let run_together = run_together(self.files, after, merge, self.reader);
        self.place(run_together, &merge.lines, &mut rules, &mut listed);
        let mut beside = Vec::new();
        for (spot, rule) in of_kernel_alone(self.files, after, self.reader) {
            if listed.insert(Rc::clone(&rule.listed)) {
                let wanted = wanted(&rule, None);
                if !wanted.is_asked_for {
                    beside.push((spot, wanted.forms.clone()));
                }
                rules.push(wanted);
            }
        }
        WantedRules { rules, listed, beside }
    }

    /// Puts rules of lines that run together where these lines stand.
    fn place(
        &self,
        run_together: Vec<(usize, Spot, Rc<HostRule>)>,
        lines: &[LoadLine],
        rules: &mut Vec<Wanted>,
        wanted: &mut HashSet<Rc<Rule>>,
    ) {
        let order: HashMap<&Spot, usize> =
            lines.iter().enumerate().filter_map(|(at, line)| Some((line.spots.first()?, at))).collect();
        for (number, spot, rule) in run_together {
            if wanted.insert(Rc::clone(&rule.listed)) {
                let earlier = |wanted: &&Wanted| {
                    wanted.spot.as_ref().and_then(|spot| order.get(spot)).is_some_and(|at| *at < number)
                };
                let at = rules.iter().filter(earlier).count();
                let forms = forms(&rule.line, self.choices.perm_syscalls);
                let is_watch = rule.line.watch.is_some();
                rules.insert(at, Wanted { forms, is_asked_for: false, is_watch, spot: Some(spot) });
            }
        }
    }
}

/// The rules that the drop-ins have as comments because the installed auditctl is too old for them.
pub(super) fn of_kernel_alone(files: &Files, drop_ins: &[DropIn], reader: &mut Reader) -> Vec<(Spot, Rc<HostRule>)> {
    let mut found = Vec::new();
    for drop_in in drop_ins {
        let file: Rc<str> = files.path(&drop_in.name).to_string_lossy().into();
        let comments = set_aside::of_kernel_alone(&drop_in.content.bytes, reader).into_iter();
        found.extend(comments.map(|one| (Spot { file: Rc::clone(&file), line: one.line }, one.rule)));
    }
    found
}
