//! The fold from events to a report. Pure: it reads no clock, no file and no process.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    doubles,
    event::{Event, HowEnded, MixCommand, Ran, Vm, VmEnd, VmEvent},
    finding::{Finding, Place},
    hint::{self, Cause, Hint},
    plan::{Engine, Plan, Step},
    report::{Outcome, Report, StepReport, Versions, Why, outcome_of},
    steps::{self, Unjudged, credo::Issue, test::TestLog},
};

/// Everything heard so far of one check.
#[derive(Debug)]
pub struct Checkup<'a> {
    plan: &'a Plan,
    versions: Option<Versions>,
    compile: CompileLog,
    tests: TestLog,
    analysis: BTreeMap<Step, StepLog>,
    idioms: Option<StepLog>,
    missing: BTreeMap<Step, String>,
    ends: [Option<VmEnd>; 2],
    /// How the command of a step ended, where it did not end by itself.
    cut_short: BTreeMap<Step, VmEnd>,
}

/// What was heard of the compiler.
#[derive(Debug, Default)]
struct CompileLog {
    /// The solution's code was about to run: from here on, an early end is its doing.
    begun: bool,
    compiled: Option<bool>,
    /// It compiles, and defines the wrong modules.
    unfit: bool,
    findings: Vec<Finding>,
    duration: Duration,
}

/// What was heard of a step of the analysis.
#[derive(Debug, Default)]
struct StepLog {
    findings: Vec<Finding>,
    duration: Duration,
    done: bool,
    blocked: Option<String>,
    broken: Option<String>,
}

impl<'a> Checkup<'a> {
    /// Nothing heard yet.
    #[must_use]
    pub fn new(plan: &'a Plan) -> Self {
        Self {
            plan,
            versions: None,
            compile: CompileLog::default(),
            tests: TestLog::default(),
            analysis: BTreeMap::new(),
            idioms: None,
            missing: BTreeMap::new(),
            ends: [None, None],
            cut_short: BTreeMap::new(),
        }
    }

    /// Takes in an event.
    pub fn apply(&mut self, event: Event) {
        match event {
            Event::Preparing | Event::Started(_) | Event::Running(_) | Event::TestsReleased => {}
            Event::Said(Vm::Test, event) => self.test_vm_said(event),
            Event::Said(Vm::Analysis, event) => self.analysis_vm_said(event),
            Event::Ended(vm, end) => self.ends[vm as usize] = Some(end),
            Event::Idioms { findings, duration, unread } => {
                let unread = unread
                    .map(|place| format!("line {} is beyond the rules' grammar", place.line.unwrap_or(0)));
                self.idioms =
                    Some(StepLog { findings, duration, done: true, broken: unread, ..StepLog::default() });
            }
            Event::Ran(command, ran) => self.command_ended(command, &ran),
            Event::Unable { step, reason } => self.log(step).broken = Some(reason),
            Event::Missing { step, reason } => {
                self.missing.insert(step, reason);
            }
        }
    }

    fn test_vm_said(&mut self, event: VmEvent) {
        match event {
            VmEvent::Hello { elixir, otp } => self.versions = Some(Versions { elixir, otp }),
            VmEvent::Diagnostic { severity, file, line, column, message } => {
                let place = Place { file, line, column };
                self.compile.findings.push(steps::compile::finding(severity, place, &message));
            }
            VmEvent::Compiled { ok, modules, redefined, duration_us } => {
                if self.compiled(ok, duration_us) {
                    self.look_at_modules(&modules, &redefined);
                }
            }
            other => {
                self.compile.begun |= matches!(other, VmEvent::Hashes { .. });
                self.tests.note(other);
            }
        }
    }

    /// Takes the compiler's word; says whether there is something to look at. A second word would
    /// be the solution's.
    fn compiled(&mut self, ok: bool, duration_us: u64) -> bool {
        let first = self.compile.compiled.is_none();
        if first {
            self.compile.compiled = Some(ok);
            self.compile.duration = Duration::from_micros(duration_us);
        }
        if first && !ok {
            let marked =
                self.plan.solution.iter().find(|file| steps::compile::has_byte_order_mark(&file.text));
            self.compile.findings.extend(marked.map(|file| steps::compile::byte_order_mark(&file.path)));
        }
        first && ok
    }

    /// The solution defines the modules of the task, and none that exists already.
    fn look_at_modules(&mut self, modules: &[String], redefined: &[String]) {
        for module in redefined {
            let place = self.definition_of(module);
            self.compile.findings.push(steps::compile::redefined(module, place));
        }
        for module in steps::compile::missing_modules(self.plan, modules) {
            let place = self.definition_of("");
            self.compile.findings.push(steps::compile::missing(module, modules, place));
        }
        self.compile.unfit = !steps::compile::is_fit(self.plan, modules, redefined);
    }

    /// The line that defines the module (any, where it has no name), or else the first line.
    fn definition_of(&self, module: &str) -> Place {
        let last_name = module.rsplit('.').next().unwrap_or(module);
        let found = self.plan.solution.iter().find_map(|file| {
            let line =
                file.text.lines().position(|line| line.contains("defmodule") && line.contains(last_name))?;
            Some((file, line + 1))
        });
        let file = found.map_or_else(|| self.plan.solution.first(), |(file, _)| Some(file));
        Place {
            file: file.map(|file| file.path.clone()).unwrap_or_default(),
            line: Some(found.map_or(1, |(_, line)| u32::try_from(line).unwrap_or(u32::MAX))),
            column: None,
        }
    }

    fn analysis_vm_said(&mut self, event: VmEvent) {
        match event {
            VmEvent::Hello { elixir, otp } => {
                self.versions.get_or_insert(Versions { elixir, otp });
            }
            VmEvent::Formatted { file, text } => {
                let source = self.plan.solution.iter().find(|source| source.path == file);
                let found = source.and_then(|source| steps::format::finding(&file, &source.text, &text));
                self.log(Step::Format).findings.extend(found);
            }
            VmEvent::FormatFailed {} => {
                self.log(Step::Format).blocked = Some("it does not parse".to_owned());
            }
            VmEvent::CredoIssue { check, category, file, line, column, message, trigger, explanation } => {
                let place = Place { file, line, column };
                let issue = Issue { check, category, place, message, trigger, explanation };
                self.log(Step::Credo).findings.push(steps::credo::finding(issue));
            }
            VmEvent::DialyzerWarning { name, file, line, column, message } => {
                let place = Place { file, line, column };
                self.log(Step::Dialyzer).findings.push(steps::dialyzer::finding(&name, place, &message));
            }
            VmEvent::StepDone { step, duration_us } => {
                if let Some(step) = Step::from_name(&step) {
                    self.done(step, Duration::from_micros(duration_us));
                }
            }
            VmEvent::StepFailed { step, reason, blocked, missing } => match Step::from_name(&step) {
                Some(step) if missing => drop(self.missing.insert(step, reason)),
                Some(step) if blocked => self.log(step).blocked = Some(reason),
                Some(step) => self.log(step).broken = Some(reason),
                None => {}
            },
            _ => {}
        }
    }

    /// A command of Mix has ended; what it has printed is evidence only if it ended by itself.
    fn command_ended(&mut self, command: MixCommand, ran: &Ran) {
        let (step, solution) = (command.step(), &self.plan.solution);
        let HowEnded::Exited(status) = ran.how else {
            self.cut_short.insert(step, ran.end());
            return;
        };
        let read = match command {
            MixCommand::Credo => steps::credo::read(status, ran, solution),
            MixCommand::Dialyzer => steps::dialyzer::read(status, ran, solution),
            MixCommand::Plt => return,
        };
        match read {
            Ok(findings) => {
                self.log(step).findings.extend(findings);
                self.done(step, ran.duration);
            }
            Err(Unjudged::Blocked(reason)) => self.log(step).blocked = Some(reason),
            Err(Unjudged::Broken(reason)) => self.log(step).broken = Some(reason),
        }
    }

    /// A step of the analysis has run to its end. What the solution hides from its tool is added.
    fn done(&mut self, step: Step, duration: Duration) {
        let solution = &self.plan.solution;
        let hidden = match (step, self.plan.engine) {
            (Step::Credo, _) => steps::credo::suppressions(solution),
            (Step::Dialyzer, Engine::Mix) => steps::dialyzer::suppressions(solution),
            _ => Vec::new(),
        };
        let log = self.log(step);
        log.findings.extend(hidden);
        log.done = true;
        log.duration = duration;
    }

    fn log(&mut self, step: Step) -> &mut StepLog {
        self.analysis.entry(step).or_default()
    }

    /// The report, once everything has been heard.
    #[must_use]
    pub fn finish(self, hints: &[Hint], sandbox: &str, duration: Duration) -> Report {
        let mut steps: Vec<StepReport> = Step::ALL.into_iter().map(|step| self.step(step)).collect();
        doubles::drop_doubles(&mut steps, self.plan.strict);
        let causes = causes(&steps, self.plan.strict);
        self.show_paths_as_given(&mut steps);
        Report {
            exercise: self.plan.exercise.clone(),
            revision: self.plan.revision.clone(),
            solution_sha256: self.plan.solution_sha256(),
            versions: self.versions,
            supply: self.plan.supply,
            packages: self.plan.packages.clone(),
            sandbox: sandbox.to_owned(),
            hints: hint::choose(hints, &causes),
            steps,
            duration,
            strict: self.plan.strict,
        }
    }

    fn step(&self, step: Step) -> StepReport {
        if !self.plan.wants(step) {
            return StepReport::bare(step, Outcome::NotRun(Why::LeftOut));
        }
        if let Some(reason) = self.missing.get(&step) {
            return StepReport::bare(step, Outcome::NotRun(Why::Missing(reason.clone())));
        }
        match step {
            Step::Compile => self.compile_step(),
            Step::Test => self.test_step(),
            Step::Idioms => self.idioms_step(),
            Step::Dialyzer if !self.usable() => self.blocked_by_compile(step),
            Step::Format | Step::Credo | Step::Dialyzer => self.analysis_step(step),
        }
    }

    /// Whether there is compiled code to look at.
    fn usable(&self) -> bool {
        self.compile.compiled == Some(true) && !self.compile.unfit
    }

    fn blocked_by_compile(&self, step: Step) -> StepReport {
        let reason = match self.compile.compiled {
            Some(true) => "the solution does not define just the modules that the task asks for",
            Some(false) => "the solution does not compile",
            None => "the solution was not compiled",
        };
        StepReport::bare(step, Outcome::NotRun(Why::Blocked(reason.to_owned())))
    }

    fn compile_step(&self) -> StepReport {
        let log = &self.compile;
        StepReport {
            duration: log.duration,
            findings: in_order(&log.findings),
            ..StepReport::bare(Step::Compile, self.compile_outcome())
        }
    }

    fn compile_outcome(&self) -> Outcome {
        let log = &self.compile;
        match (log.compiled, &self.ends[Vm::Test as usize]) {
            (Some(true), _) => outcome_of(&log.findings, self.plan.strict),
            (Some(false), _) => Outcome::Failed(None),
            // `mix test` says nothing over the channel before it has compiled.
            (None, Some(VmEnd { how: HowEnded::Exited(1), last_words }))
                if self.plan.engine == Engine::Mix =>
            {
                Outcome::Failed(Some(compilation_error(last_words)))
            }
            (None, Some(end)) if log.begun || self.plan.engine == Engine::Mix => {
                ended_early(end, "while the solution was compiled")
            }
            (None, Some(end)) => Outcome::Broken(self.tests.broken().map_or_else(
                || format!("the test VM ended before it had begun: {end}"),
                |message| format!("the runner failed: {message}"),
            )),
            (None, None) => Outcome::Broken("the test VM was not started".to_owned()),
        }
    }

    fn test_step(&self) -> StepReport {
        if !self.usable() {
            return self.blocked_by_compile(Step::Test);
        }
        let Some(end) = &self.ends[Vm::Test as usize] else { return unheard(Step::Test) };
        let (outcome, mut tests) = self.tests.judge(self.plan, end);
        tests.extend(steps::test::unavailable(self.plan));
        StepReport { duration: self.tests.duration, tests, ..StepReport::bare(Step::Test, outcome) }
    }

    fn idioms_step(&self) -> StepReport {
        let Some(log) = &self.idioms else { return unheard(Step::Idioms) };
        if self.usable() || log.broken.is_none() {
            return self.judged(Step::Idioms, log);
        }
        // What does not compile need not be readable; what the rules did read still counts.
        self.judged(
            Step::Idioms,
            &StepLog { broken: None, findings: log.findings.clone(), ..StepLog::default() },
        )
    }

    fn analysis_step(&self, step: Step) -> StepReport {
        match self.analysis.get(&step) {
            Some(log) if log.done || log.blocked.is_some() || log.broken.is_some() => self.judged(step, log),
            _ => StepReport::bare(
                step,
                match self.end_of(step) {
                    Some(VmEnd { how: HowEnded::Lost(message), .. }) => {
                        Outcome::Broken(format!("it could not be run: {message}"))
                    }
                    Some(end) => ended_early(end, &format!("during {step}")),
                    None => Outcome::Broken("it was not run".to_owned()),
                },
            ),
        }
    }

    /// How that ended in which the step was to run.
    fn end_of(&self, step: Step) -> Option<&VmEnd> {
        match (step, self.plan.engine) {
            (Step::Credo | Step::Dialyzer, Engine::Mix) => self.cut_short.get(&step),
            _ => self.ends[Vm::Analysis as usize].as_ref(),
        }
    }

    fn judged(&self, step: Step, log: &StepLog) -> StepReport {
        let outcome = match (&log.broken, &log.blocked) {
            (Some(reason), _) => Outcome::Broken(reason.clone()),
            (None, Some(reason)) => Outcome::NotRun(Why::Blocked(reason.clone())),
            (None, None) => outcome_of(&log.findings, self.plan.strict),
        };
        StepReport {
            duration: log.duration,
            findings: in_order(&log.findings),
            ..StepReport::bare(step, outcome)
        }
    }

    fn show_paths_as_given(&self, steps: &mut [StepReport]) {
        let shown = self.plan.shown_paths();
        let show = |place: &mut Place| {
            if let Some(path) = shown.get(place.file.as_str()) {
                place.file = (*path).to_owned();
            }
        };
        for step in steps {
            step.findings.iter_mut().for_each(|finding| show(&mut finding.place));
            let failures = step.tests.iter_mut().filter_map(|test| test.failure.as_mut());
            failures.filter_map(|failure| failure.raised_at.as_mut()).for_each(show);
        }
    }
}

/// What `mix test` says of a compilation that failed, without what it says of its progress.
fn compilation_error(output: &str) -> String {
    let lines = output.lines().skip_while(|line| !line.starts_with("** ") && !line.starts_with("error: "));
    let error = lines.collect::<Vec<_>>().join("\n");
    if error.is_empty() { output.trim().to_owned() } else { error.trim().to_owned() }
}

fn in_order(findings: &[Finding]) -> Vec<Finding> {
    let mut findings = findings.to_vec();
    findings.sort_by(|a, b| a.place.cmp(&b.place));
    findings.dedup();
    findings
}

fn unheard(step: Step) -> StepReport {
    StepReport::bare(step, Outcome::Broken("nothing was heard of this step".to_owned()))
}

/// A VM that ended before it had said what it was asked for.
fn ended_early(end: &VmEnd, during: &str) -> Outcome {
    match end.how {
        HowEnded::Deadline => Outcome::TimedOut { during: format!("the time limit was reached {during}") },
        _ => Outcome::Died { during: format!("{end} {during}") },
    }
}

/// What failed, in the order in which a learner should look at it.
fn causes(steps: &[StepReport], strict: bool) -> Vec<Cause> {
    let step_of = |wanted| steps.iter().find(move |report| report.step == wanted);
    Step::BY_WEIGHT
        .into_iter()
        .filter_map(step_of)
        .filter(|step| step.judged_failure())
        .flat_map(|step| causes_of(step, strict))
        .collect()
}

fn causes_of(report: &StepReport, strict: bool) -> Vec<Cause> {
    let step = report.step;
    let failed_tests = report.tests.iter().filter(|test| test.has_failed());
    let of_tests = failed_tests.map(|test| Cause {
        step,
        name: Some(test.name.clone()),
        message: test.failure.as_ref().map(|failure| failure.message.clone()).unwrap_or_default(),
        help: None,
    });
    let of_findings = report.failing(strict).map(|finding| Cause {
        step,
        name: Some(finding.rule.clone()),
        message: finding.message.clone(),
        help: finding.help.clone().filter(|_| step == Step::Idioms),
    });
    let mut causes: Vec<Cause> = of_tests.chain(of_findings).collect();
    if causes.is_empty() {
        let message = report.outcome.reason().unwrap_or_default();
        causes.push(Cause { step, name: None, message, help: None });
    }
    causes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{exercise::manifest::Manifest, plan::SourceFile};

    fn plan(steps: &[Step]) -> Plan {
        Plan {
            exercise: "e".into(),
            revision: "r".into(),
            solution: Vec::new(),
            steps: steps.to_vec(),
            supply: crate::exercise::Supply::Nothing,
            packages: BTreeMap::new(),
            expected: Vec::new(),
            unavailable: None,
            modules: Vec::new(),
            controls: Vec::new(),
            engine: Engine::Fast,
            strict: false,
            timeout: Duration::from_secs(1),
        }
    }

    /// How a step ends of which the analysis says that it failed for this reason.
    fn failed(blocked: bool, missing: bool) -> Outcome {
        let plan = plan(&[Step::Format]);
        let mut checkup = Checkup::new(&plan);
        let reason = "…".to_owned();
        let said = VmEvent::StepFailed { step: "format".into(), reason, blocked, missing };
        checkup.apply(Event::Said(Vm::Analysis, said));
        let report = checkup.finish(&[], "none", Duration::ZERO);
        report.step(Step::Format).unwrap().outcome.clone()
    }

    #[test]
    fn a_tool_that_is_not_installed_is_no_fault_of_anybody() {
        assert_eq!(failed(false, true), Outcome::NotRun(Why::Missing("…".into())));
        assert!(matches!(failed(true, false), Outcome::NotRun(Why::Blocked(_))));
        assert!(matches!(failed(false, false), Outcome::Broken(_)));
    }

    fn ran(how: HowEnded, stdout: &str) -> Ran {
        Ran { how, stdout: stdout.into(), stderr: String::new(), duration: Duration::ZERO }
    }

    /// How Credo's step ends with Mix, after these events.
    fn by_mix(solution: &str, events: Vec<Event>) -> StepReport {
        let file = "lib/a.ex".to_owned();
        let solution = vec![SourceFile { shown: file.clone(), path: file, text: solution.into() }];
        let plan = Plan { engine: Engine::Mix, solution, ..plan(&[Step::Credo]) };
        let mut checkup = Checkup::new(&plan);
        for event in events {
            checkup.apply(event);
        }
        checkup.finish(&[], "none", Duration::ZERO).step(Step::Credo).unwrap().clone()
    }

    #[test]
    fn a_command_passes_by_what_it_prints_and_by_nothing_else() {
        let none = r#"{"issues": []}"#;
        let ends = |how, stdout| by_mix("", vec![Event::Ran(MixCommand::Credo, ran(how, stdout))]).outcome;
        assert_eq!(ends(HowEnded::Exited(0), none), Outcome::Passed);
        assert!(matches!(ends(HowEnded::Exited(0), ""), Outcome::Broken(_)));
        assert!(matches!(ends(HowEnded::Exited(1), none), Outcome::Broken(_)));
        assert!(matches!(ends(HowEnded::Deadline, none), Outcome::TimedOut { .. }));
        assert!(matches!(ends(HowEnded::Memory, none), Outcome::Died { .. }));
        assert!(matches!(ends(HowEnded::Lost("no".into()), none), Outcome::Broken(_)));
        assert!(matches!(by_mix("", Vec::new()).outcome, Outcome::Broken(_)));
        let unable = Event::Unable { step: Step::Credo, reason: "no PLT".into() };
        assert_eq!(by_mix("", vec![unable]).outcome, Outcome::Broken("no PLT".into()));
    }

    /// The comment keeps Credo from saying anything, so somebody else must.
    #[test]
    fn a_comment_that_switches_credo_off_fails() {
        let solution = "# credo:disable-for-this-file\n";
        let passed = ran(HowEnded::Exited(0), r#"{"issues": []}"#);
        let step = by_mix(solution, vec![Event::Ran(MixCommand::Credo, passed)]);
        assert_eq!(step.outcome, Outcome::Failed(None));
        assert_eq!(step.findings[0].rule, "practice.suppression");
    }

    /// From a manifest's hint to the report.
    #[test]
    fn a_hint_may_be_keyed_to_a_check_of_credo() {
        let text = "format = 1\ntitle = \"A\"\ndifficulty = \"easy\"\nminutes = 5\ntopics = []\nfiles = [\"lib/a.ex\"]\n\
                    [[hints]]\nid = \"result\"\nwhen = { credo = \"Credo.Check.Warning.UnusedEnumOperation\" }\n\
                    levels = [\"Who gets the result?\"]\n";
        let hints = Manifest::parse(text.as_bytes()).unwrap().hints().unwrap();
        let shown = |check: &str, category: &str| {
            let plan = plan(&[Step::Credo]);
            let mut checkup = Checkup::new(&plan);
            let issue = VmEvent::CredoIssue {
                check: check.into(),
                category: category.into(),
                file: "lib/a.ex".into(),
                line: Some(1),
                column: None,
                message: "m".into(),
                trigger: None,
                explanation: Some("e".into()),
            };
            let done = VmEvent::StepDone { step: "credo".into(), duration_us: 1 };
            for event in [issue, done] {
                checkup.apply(Event::Said(Vm::Analysis, event));
            }
            let report = checkup.finish(&hints, "none", Duration::ZERO);
            report.hints.into_iter().map(|hint| (hint.id, hint.because)).collect::<Vec<_>>()
        };
        let because = "credo: Credo.Check.Warning.UnusedEnumOperation".to_owned();
        assert_eq!(
            shown("Credo.Check.Warning.UnusedEnumOperation", "warning"),
            [("result".to_owned(), because)]
        );
        assert_eq!(shown("Credo.Check.Warning.UnusedListOperation", "warning"), []);
        // Advice fails nothing, so there is nothing to give a hint for.
        assert_eq!(shown("Credo.Check.Warning.UnusedEnumOperation", "readability"), []);
    }
}
