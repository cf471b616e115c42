use super::*;
use crate::rule::{Action, Field, FieldNumber, List, Mask, Op};

fn rule(number: u32) -> Rule {
    let mut rule = Rule::new(List::EXIT, Action::ALWAYS, Mask::from_iter([number]));
    rule.fields.push(Field::with_text(FieldNumber::KEY, Op::EQUAL, format!("k{number}")));
    rule
}

fn watch(path: &str) -> Rule {
    let mut rule = rule(1);
    rule.fields.insert(0, Field::with_text(FieldNumber::PATH, Op::EQUAL, path));
    rule
}

fn gone() -> KernelError {
    KernelError::Timeout { request: "AUDIT_GET", milliseconds: 2000 }
}

#[test]
fn the_nth_call_fails_and_the_others_do_not() {
    let mut kernel = Model::new()
        .with_fault(Fault::Fail { call: Some(Call::Rules), nth: 2, error: gone() })
        .with_fault(Fault::Fail { call: None, nth: 5, error: gone() });
    let one = rule(1);
    assert!(kernel.status().is_ok());
    assert!(kernel.rules().is_ok());
    assert_eq!(kernel.rules(), Err(gone()));
    assert!(kernel.rules().is_ok());
    assert_eq!(kernel.change(&[Change::Append(&one)]), Err(gone()));
    assert_eq!(kernel.loaded(), []);
    assert_eq!(kernel.change(&[Change::Append(&one)]), Ok(vec![Ok(())]));
}

#[test]
fn a_kernel_that_is_gone_stays_gone() {
    let mut kernel = Model::new().with_fault(Fault::FailFrom { nth: 2, error: gone() });
    assert!(kernel.status().is_ok());
    assert_eq!(kernel.status(), Err(gone()));
    assert_eq!(kernel.set(Setting::Enabled(0)), Err(gone()));
    assert_eq!(kernel.state().enabled, 1);
    assert_eq!(kernel.sent().changing(), 0);
}

#[test]
fn a_change_is_refused_or_not_done_on_demand_and_those_after_it_are_done() {
    let rules = [rule(0), rule(1), rule(2), rule(3)];
    let mut kernel =
        Model::new().with_fault(Fault::Refuse { nth: 2, errno: Errno::ENOMEM }).with_fault(Fault::Ignore { nth: 3 });
    let answers = kernel.change(&rules.each_ref().map(Change::Append)).unwrap();
    assert_eq!(answers, [Ok(()), Err(Errno::ENOMEM), Ok(()), Ok(())]);
    assert_eq!(kernel.loaded(), [rule(0), rule(3)]);
    assert_eq!(kernel.sent().add, 4);
    assert_eq!(kernel.done()[1], Done::Append { rule: rule(1), answer: Err(Errno::ENOMEM) });
}

#[test]
fn others_change_the_rules_between_list_and_step() {
    let mut kernel = Model::new()
        .with_rules(&[rule(1), rule(2)])
        .with_fault(Fault::BeforeChange { nth: 1, foreign: Foreign::Append(rule(3)) })
        .with_fault(Fault::BeforeChange { nth: 2, foreign: Foreign::Unload(rule(2)) })
        .with_fault(Fault::BeforeCall { call: Some(Call::Rules), nth: 2, foreign: Foreign::Flush });
    assert_eq!(kernel.rules().unwrap(), [rule(1), rule(2)]);
    let answers = kernel.change(&[Change::Append(&rule(3)), Change::Unload(&rule(2))]).unwrap();
    assert_eq!(answers, [Err(Errno::EEXIST), Err(Errno::ENOENT)]);
    assert_eq!(kernel.rules().unwrap(), []);
    assert_eq!((kernel.sent().add, kernel.sent().delete), (1, 1));
}

#[test]
fn a_delete_costs_what_the_rcu_switches_make_it_cost() {
    let case = |rcu: Rcu, cost: Duration| {
        let mut kernel = Model::new().with_rules(&[rule(1)]).with_rcu(rcu);
        let before = kernel.now();
        assert_eq!(kernel.change(&[Change::Unload(&rule(1))]), Ok(vec![Ok(())]));
        assert_eq!(kernel.now(), before + cost, "{rcu:?}");
    };
    case(Rcu { expedited: Some(0), normal: Some(0), writable: true }, SLOW_DELETE);
    case(Rcu { expedited: Some(1), normal: Some(0), writable: true }, FAST_DELETE);
    case(Rcu { expedited: Some(1), normal: Some(1), writable: true }, SLOW_DELETE);
    case(Rcu::default(), SLOW_DELETE);

    let mut kernel = Model::new().with_rcu(Rcu::default());
    assert!(matches!(kernel.set_rcu_expedited(1), Err(KernelError::Sysfs { .. })));
}

#[test]
fn only_the_paths_that_are_there_can_be_watched() {
    let mut kernel = Model::new().with_paths(["/etc/ssh"]);
    let mut case = |rule: Rule, expected| {
        assert_eq!(kernel.change(&[Change::Append(&rule)]), Ok(vec![expected]), "{rule:?}");
    };
    let tree = |path: &str| {
        let mut rule = rule(1);
        rule.fields.insert(0, Field::with_text(FieldNumber::DIR, Op::EQUAL, path));
        rule
    };
    case(watch("/etc/passwd"), Ok(()));
    case(watch("/etc/ssh/missing"), Ok(()));
    case(watch("/missing"), Ok(()));
    case(watch("/var/log"), Err(Errno::ENOENT));
    case(watch("relative"), Err(Errno::EINVAL));
    case(watch("/etc/"), Err(Errno::EINVAL));
    case(tree("/etc/ssh/"), Ok(()));
    case(tree("/"), Ok(()));
    case(tree("/etc/missing"), Err(Errno::ENOENT));
}

#[test]
fn rules_go_away_with_their_directory() {
    let mut kernel = Model::new().with_paths(["/srv/a", "/srv/ab"]);
    let rules = [watch("/srv/a/x"), watch("/srv/ab/x"), rule(7)];
    kernel.change(&rules.each_ref().map(Change::Append)).unwrap();
    kernel.suffer(&Foreign::RemoveDirectory(b"/srv/a".to_vec()));
    assert_eq!(kernel.loaded(), [watch("/srv/ab/x"), rule(7)]);
    assert_eq!(kernel.change(&[Change::Append(&rules[0])]), Ok(vec![Err(Errno::ENOENT)]));
}

#[test]
fn a_rule_whose_path_leads_elsewhere_is_listed_and_silent_until_it_is_loaded_anew() {
    let mut kernel = Model::new().with_paths(["/srv/a", "/srv/ab"]);
    let rules = [watch("/srv/a/x"), watch("/srv/ab/x"), rule(7)];
    kernel.change(&rules.each_ref().map(Change::Append)).unwrap();
    kernel.suffer(&Foreign::LeadElsewhere(b"/srv/a".to_vec()));
    assert_eq!((kernel.loaded(), kernel.silent()), (rules.to_vec(), vec![watch("/srv/a/x")]));
    assert_eq!(kernel.change(&[Change::Append(&rules[0])]), Ok(vec![Err(Errno::EEXIST)]));
    assert_eq!(kernel.silent(), [watch("/srv/a/x")]);
    let anew = [Change::Unload(&rules[0]), Change::Append(&rules[0])];
    assert_eq!(kernel.change(&anew), Ok(vec![Ok(()), Ok(())]));
    assert_eq!(kernel.silent(), []);
}

#[test]
fn a_feature_stays_as_it_was_locked() {
    let mut kernel = Model::new();
    let on = Setting::LoginuidImmutable { on: true, lock: true };
    assert_eq!(kernel.set(on), Ok(()));
    assert_eq!(kernel.set(on), Ok(()));
    let off = Setting::LoginuidImmutable { on: false, lock: false };
    assert_eq!(kernel.set(off), Err(KernelError::Refused { request: "AUDIT_SET_FEATURE", errno: Errno::EPERM }));
    assert_eq!(kernel.feature_state(), Features { features: 2, lock: 2 });
}

#[test]
fn a_setting_may_be_acknowledged_and_not_stored() {
    let mut kernel = Model::new().with_fault(Fault::IgnoreSetting { nth: 1 });
    assert_eq!(kernel.set(Setting::BacklogLimit(9000)), Ok(()));
    assert_eq!(kernel.state().backlog_limit, 64);
    assert_eq!(kernel.set(Setting::BacklogLimit(9000)), Ok(()));
    assert_eq!(kernel.state().backlog_limit, 9000);
}

#[test]
fn a_reboot_unlocks() {
    let mut kernel = Model::new().with_rules(&[rule(1)]).with_status(|status| status.enabled = 2);
    assert_eq!(kernel.change(&[Change::Unload(&rule(1))]), Ok(vec![Err(Errno::EPERM)]));
    kernel.reboot();
    assert_eq!((kernel.loaded(), kernel.state().enabled, kernel.sent()), (vec![], 1, Sent::default()));
}
