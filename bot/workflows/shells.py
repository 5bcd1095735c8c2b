"""Which shell runs a step's script."""

from bot.workflows.workflow import Job, Step, Workflow


def effective_shell(workflow: Workflow, job: Job, step: Step | None = None) -> str:
    """Give the shell of a step as written: its own before the job's before the workflow's, else that of the machine.

    That is bash, except on Windows: docs.github.com, workflow syntax, `jobs.<job_id>.steps[*].shell`, as of 2026-11.
    """
    own = step.shell if step is not None else None
    shell = own or job.default_shell or workflow.default_shell
    if shell is not None:
        return shell.value
    return "pwsh" if any("windows" in label.value.lower() for label in job.runs_on) else "bash"
