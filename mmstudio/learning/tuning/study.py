"""Optuna's side of a search: an own journal file, ask and tell, one trial at a time."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from mmstudio.learning.tuning.report import State
from mmstudio.learning.tuning.space import Setting, suggested

if TYPE_CHECKING:
    from pathlib import Path

    import optuna

log = logging.getLogger(__name__)
FIRST = 5  # trials before proposals are learned, and before any is stopped early
ENOUGH = 4  # trials that ended before it is said what mattered


class Study:
    """A study in ``folder/journal.log``; the defaults are its first trial.

    Args:
        space: what is tried. seed: of the proposals; the same journal and seed propose the same.
    """

    def __init__(self, folder: Path, space: list[Setting], seed: int) -> None:
        import optuna
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.space = space
        storage = JournalStorage(JournalFileBackend(str(folder / "journal.log")))
        self.study = optuna.create_study(storage=storage, study_name="search", load_if_exists=True)
        fail = optuna.trial.TrialState.FAIL
        for trial in self.study.get_trials(states=(optuna.trial.TrialState.RUNNING,)):
            self.study.tell(trial.number, state=fail)  # of a run that was stopped; it is asked for again
        # Seeded by what is there, so that a search that goes on does not repeat its first proposals.
        known = len(self.study.trials)
        self.study.sampler = optuna.samplers.TPESampler(seed=seed + known, n_startup_trials=FIRST)
        self.study.pruner = optuna.pruners.MedianPruner(n_startup_trials=FIRST, n_warmup_steps=1)
        if not known:
            self.study.enqueue_trial({setting.name: setting.default for setting in space})
        self._trial: optuna.Trial | None = None

    def ask(self) -> dict[str, float]:
        """The settings to try next."""
        self._trial = self.study.ask()
        return suggested(self._trial, self.space)

    def ask_again(self, chosen: dict[str, float]) -> None:
        """Go on with settings that an earlier run was at."""
        self.study.enqueue_trial(chosen)
        self.ask()

    def report(self, look: int, value: float) -> None:
        """The value at the ``look``-th measurement, counted from 1."""
        if self._trial is not None:
            self._trial.report(value, look)

    def hopeless(self) -> bool:
        """Whether the trial is worse than the median of the others at the same measurement."""
        return self._trial is not None and bool(self._trial.should_prune())

    def tell(self, state: State, value: float | None) -> None:
        """How the trial ended."""
        import optuna

        if self._trial is None:
            return
        ended = {
            "done": optuna.trial.TrialState.COMPLETE,
            "stopped": optuna.trial.TrialState.PRUNED,
        }.get(state, optuna.trial.TrialState.FAIL)
        self.study.tell(self._trial, value if state == "done" else None, state=ended)
        self._trial = None

    def importance(self) -> dict[str, float]:
        """By setting, its share of what the differences come from; empty for few trials or equal ones."""
        import optuna

        done = self.study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.COMPLETE,))
        if len(done) < ENOUGH:
            return {}
        try:
            found = optuna.importance.get_param_importances(self.study)
        except (ValueError, RuntimeError) as error:  # nothing varied
            log.info("no importance: %s", error)
            return {}
        return {name: round(value, 3) for name, value in found.items()}
