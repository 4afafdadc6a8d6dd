"""The trainer, in a process of its own: submitted under the run's id, then looked at until it is done."""

from services.retraining.backends.protocol import Done, Failed, Job
from services.retraining.gates.layouts import layout_of, task_of
from services.retraining.jobs import SPEC, train_job, trained
from services.retraining.naming import folder_of
from services.retraining.snapshot.plan import Plan
from services.retraining.stages.stage import Bench, Made, Product, RunFailed, Standing, plan_of, rows_of

CANDIDATE = "candidate:"
"""What candidates' products begin with."""


def train(bench: Bench, standing: Standing) -> Made | None:
    """The candidates, and how they were made; None while the trainer is at it."""
    plan = plan_of(bench, standing)
    job = job_of(bench, standing, plan, "train")
    if not (job.folder / SPEC).exists():
        spec, training = plan.monitor.training, rows_of(bench, standing, "training")
        train_job(
            job.folder,
            trainer=spec.trainer,
            task=task_of(layout_of(plan.baseline, plan.monitor, training), training),
            parameters=spec.parameters,
            seed=spec.seed,
            training=training,
            validation=rows_of(bench, standing, "validation"),
        )
    if not is_done(bench, job):
        return None
    found = trained(job.folder)
    made = {
        f"{CANDIDATE}{of.name}": Product(found.artifact(of.name), of.media_type) for of in found.manifest.candidates
    }
    took_s = sum(of.train_s for of in found.manifest.candidates)
    told = f"{', '.join(of.name for of in found.manifest.candidates)} in {took_s:.0f} s of processor time"
    return Made({**made, "trained": Product(found.manifest.to_json())}, steps=(("trained", told),))


def job_of(bench: Bench, standing: Standing, plan: Plan, name: str) -> Job:
    """A job of the run."""
    own = folder_of(standing.run_id)
    return Job(f"{own}-{name}", bench.work / own / name, plan.monitor.training.limits)


def is_done(bench: Bench, job: Job) -> bool:
    """Sees to it that the job runs, and whether it has. Raises RunFailed where it cannot."""
    bench.backend.submit(job)
    status = bench.backend.poll(job)
    if isinstance(status, Failed):
        raise RunFailed(status.reason)
    return isinstance(status, Done)
