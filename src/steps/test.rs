//! The test step: what ExUnit reported, and whether that is evidence of a pass.
//!
//! A solution shares its VM with ExUnit, so neither an exit status nor a line of output says that
//! the tests passed. [`TestLog::judge`] asks for all of: the suite's end, every expected test
//! reported as passed, no failure of a test module, code that is still the code that was loaded,
//! control tests that failed as they must, and a VM that ended as it was told to.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    event::{Failure, HashStage, HowEnded, TestState, VmEnd, VmEvent, VmTest},
    finding::Place,
    plan::{Engine, Plan, TestId},
    report::{Outcome, TestFailure, TestOutcome, TestResult},
};

/// What was heard of a test run.
#[derive(Debug, Default)]
pub struct TestLog {
    finished: Vec<VmTest>,
    running: Option<TestId>,
    last: Option<TestId>,
    module_failures: Vec<(String, Failure)>,
    before: Option<BTreeMap<String, String>>,
    after: Option<BTreeMap<String, String>>,
    suite_finished: bool,
    done: bool,
    broken: Option<String>,
    /// What ExUnit took, in its own words.
    pub duration: Duration,
}

impl TestLog {
    /// Notes an event of the test VM.
    pub fn note(&mut self, event: VmEvent) {
        match event {
            // Control tests mean nothing to a learner: they are no place at which a run stands.
            VmEvent::TestStarted { control: true, .. } => {}
            VmEvent::TestStarted { module, name, .. } => self.running = Some(TestId { module, name }),
            VmEvent::TestFinished(test) => {
                if !test.control {
                    self.running = None;
                    self.last = Some(id_of(&test));
                }
                self.finished.push(test);
            }
            VmEvent::ModuleFinished { module, failures } => {
                self.module_failures.extend(failures.into_iter().map(|failure| (module.clone(), failure)));
            }
            VmEvent::Hashes { stage: HashStage::Before, modules } => {
                // Only the first word counts: the solution's code may speak later.
                self.before.get_or_insert(modules);
            }
            VmEvent::Hashes { stage: HashStage::After, modules } => self.after = Some(modules),
            VmEvent::SuiteFinished { duration_us } => {
                self.suite_finished = true;
                self.duration = Duration::from_micros(duration_us);
            }
            VmEvent::Done {} => self.done = true,
            VmEvent::Broken { message } => self.broken = Some(message),
            _ => {}
        }
    }

    /// What our own code in the VM said when it gave up.
    #[must_use]
    pub fn broken(&self) -> Option<&str> {
        self.broken.as_deref()
    }

    /// The results of the exercise's tests, in the plan's order, and what the step comes to.
    #[must_use]
    pub fn judge(&self, plan: &Plan, end: &VmEnd) -> (Outcome, Vec<TestResult>) {
        let results = self.results(plan, end);
        let outcome = self
            .cut_short(plan, end)
            .or_else(|| self.failed(&results))
            .or_else(|| match plan.engine {
                Engine::Fast => self.tampered(plan),
                Engine::Mix => (end.how != HowEnded::Exited(0))
                    .then(|| Outcome::Failed(Some("`mix test` says that a test failed".to_owned()))),
            })
            .unwrap_or(Outcome::Passed);
        (outcome, results)
    }

    /// The run did not come to its end.
    fn cut_short(&self, plan: &Plan, end: &VmEnd) -> Option<Outcome> {
        let died = |how: String| Some(Outcome::Died { during: format!("{how} {}", self.during()) });
        match &end.how {
            HowEnded::Deadline => Some(Outcome::TimedOut {
                during: format!(
                    "the time limit of {} s was reached {}",
                    plan.timeout.as_secs_f64(),
                    self.during()
                ),
            }),
            HowEnded::Exited(_) if !self.done || !self.suite_finished => {
                let broken = self.broken.as_ref().map(|message| format!(" ({message})")).unwrap_or_default();
                Some(Outcome::Died { during: format!("{} {}{broken}", end.how, self.during()) })
            }
            // `mix test` tells by its status that a test failed.
            HowEnded::Exited(2) if plan.engine == Engine::Mix => None,
            HowEnded::Exited(0) => None,
            HowEnded::Lost(_) => died("the VM's supervisor was lost".to_owned()),
            how => died(how.to_string()),
        }
    }

    /// Where the run stood, as the end of a sentence.
    fn during(&self) -> String {
        match (&self.running, &self.last) {
            (Some(test), _) => format!("in test \"{}\"", test.name),
            (None, _) if self.suite_finished => "after the last test".to_owned(),
            (None, Some(test)) => format!("after test \"{}\"", test.name),
            (None, None) => "before the first test".to_owned(),
        }
    }

    fn failed(&self, results: &[TestResult]) -> Option<Outcome> {
        if results.is_empty() {
            return Some(Outcome::Broken("the exercise expects no test".to_owned()));
        }
        if let Some((module, failure)) = self.module_failures.first() {
            let message = failure.message.lines().next().unwrap_or_default();
            return Some(Outcome::Failed(Some(format!("{module} failed outside its tests: {message}"))));
        }
        let mut missing = results.iter().filter(|test| test.outcome == TestOutcome::NotRun);
        if let Some(first) = missing.next() {
            let (number, all, name) = (missing.count() + 1, results.len(), &first.name);
            let reason = format!("{number} of {all} expected tests did not run, first \"{name}\"");
            return Some(Outcome::Failed(Some(reason)));
        }
        let passed = results.iter().all(|test| test.outcome == TestOutcome::Passed);
        (!passed).then_some(Outcome::Failed(None))
    }

    /// Everything looks green, but the evidence was interfered with.
    fn tampered(&self, plan: &Plan) -> Option<Outcome> {
        let failed_control = |name: &String| {
            let mut reports =
                self.finished.iter().filter(|test| test.control && test.name == *name).peekable();
            reports.peek().is_some() && reports.all(|test| test.state == TestState::Failed)
        };
        if plan.controls.is_empty() || !plan.controls.iter().all(failed_control) {
            return Some(Outcome::Failed(Some(
                "a control test, which must fail, was not reported as failed: the solution interferes with ExUnit"
                    .to_owned(),
            )));
        }
        let changed = match (&self.before, &self.after) {
            (Some(before), Some(after)) => before
                .iter()
                .find(|(module, hash)| after.get(*module) != Some(hash))
                .map(|(module, _)| module.clone()),
            _ => Some("ExUnit".to_owned()),
        };
        changed.map(|module| {
            let module = module.strip_prefix("Elixir.").unwrap_or(&module);
            Outcome::Failed(Some(format!("the code of `{module}` was replaced while the tests ran")))
        })
    }

    fn results(&self, plan: &Plan, end: &VmEnd) -> Vec<TestResult> {
        plan.expected.iter().map(|id| self.result(plan, id, end)).collect()
    }

    fn result(&self, plan: &Plan, id: &TestId, end: &VmEnd) -> TestResult {
        let mut reports = self.finished.iter().filter(|test| !test.control && id_of(test) == *id);
        // More than one report of a test is not evidence: the worst counts.
        let Some(first) = reports.next() else { return self.unreported(id, end) };
        let test =
            reports.fold(first, |worst, test| if test.state == TestState::Passed { worst } else { test });
        TestResult {
            module: test.module.clone(),
            name: test.name.clone(),
            outcome: match test.state {
                TestState::Passed => TestOutcome::Passed,
                TestState::Failed | TestState::Invalid => TestOutcome::Failed,
                TestState::TimedOut => TestOutcome::TimedOut,
                TestState::Skipped | TestState::Excluded => TestOutcome::NotRun,
            },
            place: test.file.as_ref().map(|file| Place { file: file.clone(), line: test.line, column: None }),
            duration: Duration::from_micros(test.duration_us),
            failure: self.failure_of(plan, test),
            output: output_of(test),
        }
    }

    fn unreported(&self, id: &TestId, end: &VmEnd) -> TestResult {
        let running = self.running.as_ref() == Some(id);
        TestResult {
            module: id.module.clone(),
            name: id.name.clone(),
            outcome: match (running, &end.how) {
                (false, _) => TestOutcome::NotRun,
                (true, HowEnded::Deadline) => TestOutcome::TimedOut,
                (true, _) => TestOutcome::Failed,
            },
            place: None,
            duration: Duration::ZERO,
            failure: None,
            output: None,
        }
    }

    fn failure_of(&self, plan: &Plan, test: &VmTest) -> Option<TestFailure> {
        let failure = test.failures.first().or_else(|| {
            let of_module = |(module, _): &&(String, Failure)| *module == test.module;
            (test.state == TestState::Invalid)
                .then(|| self.module_failures.iter().find(of_module).map(|(_, failure)| failure))
                .flatten()
        })?;
        Some(test_failure(plan, failure))
    }
}

/// The tests that cannot be run here.
#[must_use]
pub fn unavailable(plan: &Plan) -> Vec<TestResult> {
    let result = |id: &TestId, reason: &String| TestResult {
        module: id.module.clone(),
        name: id.name.clone(),
        outcome: TestOutcome::Missing,
        place: None,
        duration: Duration::ZERO,
        failure: Some(TestFailure { message: reason.clone(), ..TestFailure::default() }),
        output: None,
    };
    let unavailable = plan.unavailable.iter();
    unavailable.flat_map(|lacking| lacking.tests.iter().map(|id| result(id, &lacking.reason))).collect()
}

fn id_of(test: &VmTest) -> TestId {
    TestId { module: test.module.clone(), name: test.name.clone() }
}

fn test_failure(plan: &Plan, failure: &Failure) -> TestFailure {
    let place_where = |wanted: &dyn Fn(&str) -> bool| {
        failure.stack.iter().find_map(|frame| {
            let file = frame.file.as_deref().filter(|file| wanted(file))?;
            Some(Place { file: file.to_owned(), line: frame.line, column: None })
        })
    };
    TestFailure {
        message: failure.message.trim().to_owned(),
        expr: failure.expr.clone(),
        left: failure.left.clone(),
        right: failure.right.clone(),
        raised_at: place_where(&|file| plan.solution.iter().any(|source| source.path == file)),
        asserted_at: place_where(&|file| file.starts_with("test/") || file.starts_with("hidden/")),
    }
}

fn output_of(test: &VmTest) -> Option<String> {
    let output = test.output.as_ref().filter(|output| !output.text.is_empty())?;
    Some(match output.dropped {
        0 => output.text.clone(),
        dropped => format!("{}\n({dropped} bytes in the middle left out)", output.text),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTROL: &str = "must fail 1f";

    fn plan() -> Plan {
        Plan {
            exercise: "e".into(),
            revision: "r".into(),
            solution: Vec::new(),
            steps: Vec::new(),
            supply: crate::exercise::Supply::Nothing,
            packages: BTreeMap::new(),
            unavailable: None,
            expected: ["one", "two"].map(|name| TestId { module: "T".into(), name: name.into() }).into(),
            modules: Vec::new(),
            controls: vec![CONTROL.into()],
            engine: Engine::Fast,
            strict: false,
            timeout: Duration::from_secs(20),
        }
    }

    fn finished(name: &str, state: TestState) -> VmEvent {
        VmEvent::TestFinished(VmTest {
            module: "T".into(),
            name: name.into(),
            control: name == CONTROL,
            state,
            file: None,
            line: None,
            duration_us: 1,
            failures: Vec::new(),
            output: None,
        })
    }

    fn hashes(stage: HashStage, hash: &str) -> VmEvent {
        VmEvent::Hashes { stage, modules: [("Elixir.T".to_owned(), hash.to_owned())].into() }
    }

    /// The events of a run in which everything is as it should be.
    fn green() -> Vec<VmEvent> {
        vec![
            hashes(HashStage::Before, "a"),
            finished("one", TestState::Passed),
            finished(CONTROL, TestState::Failed),
            finished("two", TestState::Passed),
            hashes(HashStage::After, "a"),
            VmEvent::SuiteFinished { duration_us: 5 },
            VmEvent::Done {},
        ]
    }

    fn judge_with(events: Vec<VmEvent>, how: HowEnded) -> Outcome {
        let mut log = TestLog::default();
        for event in events {
            log.note(event);
        }
        log.judge(&plan(), &VmEnd { how, last_words: String::new() }).0
    }

    fn judge(events: Vec<VmEvent>) -> Outcome {
        judge_with(events, HowEnded::Exited(0))
    }

    #[test]
    fn green_passes() {
        assert_eq!(judge(green()), Outcome::Passed);
    }

    #[test]
    fn each_piece_of_evidence_is_needed() {
        for missing in 0..green().len() {
            let mut events = green();
            let event = events.remove(missing);
            assert_ne!(judge(events), Outcome::Passed, "passed without {event:?}");
        }
    }

    #[test]
    fn every_other_state_of_an_expected_test_fails() {
        use TestState::{Excluded, Failed, Invalid, Skipped, TimedOut};
        for state in [Failed, TimedOut, Invalid, Skipped, Excluded] {
            let mut events = green();
            events[1] = finished("one", state);
            assert!(matches!(judge(events), Outcome::Failed(_)), "{state:?}");
        }
    }

    #[test]
    fn a_second_report_cannot_mend_a_failure() {
        let mut events = green();
        events.insert(1, finished("one", TestState::Failed));
        assert!(matches!(judge(events), Outcome::Failed(_)));
        let mut events = green();
        events.insert(3, finished("one", TestState::Failed));
        assert!(matches!(judge(events), Outcome::Failed(_)));
    }

    #[test]
    fn a_control_that_passes_is_tampering() {
        let mut events = green();
        events[2] = finished(CONTROL, TestState::Passed);
        assert!(matches!(judge(events), Outcome::Failed(Some(reason)) if reason.contains("control test")));
    }

    #[test]
    fn changed_code_is_tampering() {
        let mut events = green();
        events[4] = hashes(HashStage::After, "b");
        assert!(
            matches!(judge(events), Outcome::Failed(Some(reason)) if reason.contains("`T` was replaced"))
        );
    }

    #[test]
    fn only_the_first_word_on_the_code_before_counts() {
        let mut events = green();
        events[4] = hashes(HashStage::After, "b");
        events.insert(4, hashes(HashStage::Before, "b"));
        assert!(matches!(judge(events), Outcome::Failed(_)));
    }

    #[test]
    fn any_end_but_the_one_it_was_told_fails() {
        for how in [HowEnded::Exited(1), HowEnded::Signaled(9), HowEnded::Memory, HowEnded::Stopped] {
            assert!(matches!(judge_with(green(), how.clone()), Outcome::Died { .. }), "{how:?}");
        }
        assert!(matches!(judge_with(green(), HowEnded::Deadline), Outcome::TimedOut { .. }));
    }

    #[test]
    fn a_hanging_test_is_named() {
        let events = vec![
            finished("one", TestState::Passed),
            VmEvent::TestStarted { module: "T".into(), name: "two".into(), control: false },
        ];
        let Outcome::TimedOut { during } = judge_with(events, HowEnded::Deadline) else { panic!() };
        assert_eq!(during, "the time limit of 20 s was reached in test \"two\"");
    }
}
