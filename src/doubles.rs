//! One thing, one finding: where an idiom rule and Credo say the same of a line, one of them is enough.
//!
//! The rule's finding stays, since the help and the hints are written for it; what only Credo found
//! stays as well. Neither may change what the check comes to: a finding that stands for an issue of
//! Credo's weighs no less than the issue did.

use crate::{
    finding::Finding,
    plan::Step,
    report::{Outcome, StepReport, outcome_of},
};

/// Drops Credo's issues that the idiom rules report too, on the same line.
///
/// A step that was not judged to its end keeps what it has: its findings decide nothing, so none of
/// them may stand for one that does.
pub fn drop_doubles(steps: &mut [StepReport], strict: bool) {
    let [Some(idioms), Some(credo)] = [Step::Idioms, Step::Credo].map(|step| judged(steps, step)) else {
        return;
    };
    let Ok([idioms, credo]) = steps.get_disjoint_mut([idioms, credo]) else { return };
    for finding in &mut idioms.findings {
        let issues = credo.findings.iter().filter(|issue| are_doubles(finding, issue));
        if let Some(heaviest) = issues.map(|issue| issue.severity).max() {
            finding.severity = finding.severity.max(heaviest);
        }
    }
    credo.findings.retain(|issue| !idioms.findings.iter().any(|finding| are_doubles(finding, issue)));
    for step in [idioms, credo] {
        step.outcome = outcome_of(&step.findings, strict);
    }
}

/// Where the step's report is, if its findings decide how it ended.
fn judged(steps: &[StepReport], step: Step) -> Option<usize> {
    steps.iter().position(|report| {
        report.step == step && matches!(report.outcome, Outcome::Passed | Outcome::Failed(_))
    })
}

/// Credo knows columns of some issues only, and counts them from other places.
fn are_doubles(finding: &Finding, issue: &Finding) -> bool {
    finding.credo.as_ref() == Some(&issue.rule)
        && finding.place.file == issue.place.file
        && finding.place.line == issue.place.line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        finding::{Place, Severity},
        report::Why,
    };

    const CHECK: &str = "Credo.Check.Refactor.UnlessWithElse";
    const SEVERITIES: [Severity; 3] = [Severity::Advice, Severity::Warning, Severity::Error];

    fn finding(rule: &str, severity: Severity, line: u32, credo: Option<&str>) -> Finding {
        Finding {
            rule: rule.into(),
            severity,
            place: Place { file: "lib/a.ex".into(), line: Some(line), column: Some(3) },
            message: "m".into(),
            help: None,
            credo: credo.map(Into::into),
            trigger: None,
        }
    }

    fn by_rule(severity: Severity, line: u32) -> Finding {
        finding("unless-else", severity, line, Some(CHECK))
    }

    fn by_credo(severity: Severity, line: u32) -> Finding {
        let mut issue = finding(CHECK, severity, line, None);
        issue.place.column = None;
        issue
    }

    fn steps(idioms: Vec<Finding>, credo: Vec<Finding>, strict: bool) -> Vec<StepReport> {
        [(Step::Idioms, idioms), (Step::Credo, credo)]
            .into_iter()
            .map(|(step, findings)| StepReport {
                findings: findings.clone(),
                ..StepReport::bare(step, outcome_of(&findings, strict))
            })
            .collect()
    }

    /// Rule and line of what is left of each step.
    fn left(steps: &[StepReport]) -> [Vec<(&str, u32)>; 2] {
        [0, 1].map(|index| {
            let findings = steps[index].findings.iter();
            findings.map(|finding| (finding.rule.as_str(), finding.place.line.unwrap_or(0))).collect()
        })
    }

    #[test]
    fn of_two_that_say_the_same_the_rule_s_stays() {
        let mut steps = steps(vec![by_rule(Severity::Advice, 2)], vec![by_credo(Severity::Advice, 2)], false);
        drop_doubles(&mut steps, false);
        assert_eq!(left(&steps), [vec![("unless-else", 2)], vec![]]);
    }

    #[test]
    fn what_only_credo_found_stays() {
        let other = finding("Credo.Check.Design.TagTODO", Severity::Advice, 2, None);
        let mut elsewhere = by_credo(Severity::Advice, 2);
        elsewhere.place.file = "lib/b.ex".into();
        let issues = vec![other, by_credo(Severity::Advice, 3), elsewhere];
        let mut steps = steps(vec![by_rule(Severity::Advice, 2)], issues.clone(), false);
        drop_doubles(&mut steps, false);
        assert_eq!(steps[1].findings, issues);
    }

    #[test]
    fn several_of_a_line_are_all_accounted_for() {
        let twice = |one: fn(Severity, u32) -> Finding| vec![one(Severity::Warning, 2); 2];
        let mut steps = steps(twice(by_rule), twice(by_credo), false);
        drop_doubles(&mut steps, false);
        assert_eq!(left(&steps), [vec![("unless-else", 2); 2], vec![]]);
    }

    #[test]
    fn the_weight_of_what_is_dropped_is_kept() {
        for (rule, credo) in SEVERITIES.into_iter().flat_map(|a| SEVERITIES.map(|b| (a, b))) {
            let mut steps = steps(vec![by_rule(rule, 2)], vec![by_credo(credo, 2)], false);
            drop_doubles(&mut steps, false);
            assert_eq!(steps[0].findings[0].severity, rule.max(credo));
        }
    }

    #[test]
    fn whether_something_fails_does_not_change() {
        for (rule, credo) in SEVERITIES.into_iter().flat_map(|a| SEVERITIES.map(|b| (a, b))) {
            for (strict, line) in [(false, 2), (false, 9), (true, 2), (true, 9)] {
                let mut steps = steps(vec![by_rule(rule, 2)], vec![by_credo(credo, line)], strict);
                let before = steps.iter().any(StepReport::judged_failure);
                drop_doubles(&mut steps, strict);
                assert_eq!(steps.iter().any(StepReport::judged_failure), before, "{rule} {credo} {line}");
            }
        }
    }

    #[test]
    fn the_step_that_is_left_without_findings_has_passed() {
        let mut steps = steps(vec![by_rule(Severity::Warning, 2)], vec![by_credo(Severity::Error, 2)], false);
        drop_doubles(&mut steps, false);
        assert_eq!(steps[0].outcome, Outcome::Failed(None));
        assert_eq!(steps[1].outcome, Outcome::Passed);
    }

    #[test]
    fn what_was_not_judged_stands_for_nothing() {
        let unjudged = [
            Outcome::Broken("…".into()),
            Outcome::NotRun(Why::Blocked("…".into())),
            Outcome::TimedOut { during: "…".into() },
        ];
        for (outcome, index) in unjudged.into_iter().flat_map(|outcome| [(outcome.clone(), 0), (outcome, 1)])
        {
            let mut steps =
                steps(vec![by_rule(Severity::Warning, 2)], vec![by_credo(Severity::Error, 2)], false);
            steps[index].outcome = outcome;
            let before = steps.clone();
            drop_doubles(&mut steps, false);
            assert_eq!(steps, before);
        }
    }
}
