//! Which task of what was handed over this process is.

use super::slurm::SlurmTask;

/// The variable in which launchers other than Slurm tell a task its name.
pub const TASK_VARIABLE: &str = "SWEEP_TASK";

/// How this process calls itself in claims, where it is a task: `slurm task 12_0`, `ssh task node7`, `kubernetes task
/// sweep-little-3f2a_1`.
pub fn task_name() -> Option<String> {
    if let Some(task) = SlurmTask::current() {
        return Some(format!("slurm task {task}"));
    }
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let name = variable(TASK_VARIABLE)?;
    // Kubernetes gives it to the pods of an Indexed Job.
    Some(variable("JOB_COMPLETION_INDEX").map_or(name.clone(), |index| format!("{name}_{index}")))
}
