"""The job that trains the ranker and measures it against the simple methods on held-out events."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import numpy as np

from mmstudio.errors import ReadOnly, StudioError
from mmstudio.i18n import tr
from mmstudio.jobs import JobContext, Progress, Work
from mmstudio.recommendation.choosing import settle, settled
from mmstudio.recommendation.ranker.calibration import calibrate, calibration_error
from mmstudio.recommendation.ranker.measuring import measure, mix
from mmstudio.recommendation.ranker.model import (
    CONTEXT,
    ITEM,
    PERSON,
    Ranker,
    buckets,
    item_numbers,
)
from mmstudio.recommendation.ranker.pairs import (
    Pairs,
    bases,
    content_basis,
    joined,
    sampled,
    with_events,
)
from mmstudio.recommendation.ranker.tasks import REGRESSION, TASKS, Labels, labels_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmstudio.recommendation.catalogue import Catalogue
    from mmstudio.recommendation.recommender import Recommender

PEOPLE, EVENTS = 40, 1000  # fewer are not enough to learn from
_MOST_PEOPLE = 3000
_BATCH = 2048
_EPOCHS = 6
_KEEP = 0.8  # of the experts' output in training
_RATE = 1e-3


def train_work(recommender: Recommender, seed: int = 0, epochs: int = _EPOCHS) -> Work:
    """The job "train-ranker"; its result is the report that is kept with the ranker.

    60 % of each member's events are what they are known by while the network learns the next 20 %; then the
    simple methods get both and everything is measured on the last 20 %. A ranker is kept with its figures
    whether it wins or not; it is used where it wins.

    Raises (in the job):
        StudioError: too few members or events. ReadOnly.
    """

    def run(context: JobContext) -> Generator[Progress, None, dict[str, Any]]:
        library = recommender.library
        if library.read_only:
            raise ReadOnly("The library is open for reading only.", hint="Close the other window first.")
        started = context.clock()
        catalogue = recommender.catalogue()
        labels = labels_of(catalogue, library.interactions.read())
        random = np.random.default_rng(seed)
        labels = _people(labels, random)
        steps = 2 * len(np.unique(labels.member)) + 100 * epochs
        part = _parts(labels, random)
        past, target, held = (labels.take(part == k) for k in range(3))
        yield Progress(0, steps, tr("Looking at what members chose"))
        pairs, done = [], 0
        shown, known = with_events(catalogue, past), labels.take(part < 2)
        later = with_events(catalogue, known)
        otherwise = settled(catalogue).method
        # The blend that it is held against chose its weights by the same events, by none that are held out.
        weighting = settle(later, others=False).weighting
        methods = bases(shown, weighting)
        for done, one in sampled(shown, methods, past, target, random):
            context.raise_if_cancelled()
            pairs.append(one)
            yield Progress(done, steps, tr("Looking at what members chose"))
        learning = _Learning(shown, list(methods), joined(pairs), labels.present(), seed)
        for epoch in range(epochs):
            for step in learning.epoch(1 - epoch / epochs):
                context.raise_if_cancelled()
                yield Progress(done + round(100 * (epoch + step)), steps, tr("Learning from many members"))
        done += 100 * epochs
        methods = {name: score for name, score in bases(later, weighting).items() if name in methods}
        ranker = learning.ranker(library.id, len(labels.member), catalogue.events.count)
        # Who calibrates does not measure.
        people = np.unique(held.member)
        judges = random.permutation(people)[: max(1, len(people) // 3)]
        aside = np.isin(held.member, judges)
        own = []
        for _, one in sampled(later, methods, known, held.take(aside), random):
            context.raise_if_cancelled()
            own.append(one)
        calibrate(ranker, later, joined(own))
        for _ in mix(ranker, later, methods, known, held.take(aside)):
            context.raise_if_cancelled()
        checked = []
        for _, one in sampled(later, methods, known, held.take(~aside), random):
            context.raise_if_cancelled()
            checked.append(one)
        errors = calibration_error(ranker, later, joined(checked))
        report: dict[str, Any] = {}
        for found in measure(ranker, later, methods, known, held.take(~aside), otherwise):
            context.raise_if_cancelled()
            report = found
            yield Progress(min(steps, done + report["members"]), steps, tr("Measuring on held-out events"))
        report |= {"calibration": errors, "seconds": round(context.clock() - started, 1), "seed": seed}
        report |= {"tasks": ranker.facts["tasks"], "events": len(labels.member)}
        share, beside = ranker.mix
        report |= {"share": share, "beside": ranker.bases[beside] if share < 1 else ""}
        ranker.facts["report"] = report
        context.raise_if_cancelled()
        ranker.save(library.models_dir)
        recommender.forget_ranker()
        yield Progress(steps, steps)
        return report

    return run


def _people(labels: Labels, random: np.random.Generator) -> Labels:
    """Members with at least three pairs that count, at most 3,000 of them. Raises StudioError for too few."""
    members, count = np.unique(labels.member[labels.value > 0], return_counts=True)
    members = members[count >= 3]
    chosen = labels.take(np.isin(labels.member, members))
    if len(members) < PEOPLE or len(chosen.member) < EVENTS:
        raise StudioError(
            "Too few events to learn from: {people} members with {events}; {least} with {most} are needed.",
            hint="Import more interactions; until then the blend ranks.",
            people=len(members),
            events=len(chosen.member),
            least=PEOPLE,
            most=EVENTS,
        )
    if len(members) > _MOST_PEOPLE:
        members = random.choice(members, _MOST_PEOPLE, replace=False)
        chosen = labels.take(np.isin(labels.member, members))
    return chosen


def _parts(labels: Labels, random: np.random.Generator) -> NDArray[np.int64]:
    """int64[P]: 0 past (60 %), 1 target (20 %), 2 held out (20 %) of each member's pairs.

    By time where most pairs have one, since what comes next is what a ranker is for; else at random.
    """
    chance = random.random(len(labels.member))
    timed = np.isfinite(labels.time).mean() > 0.5 and np.ptp(labels.time[np.isfinite(labels.time)]) > 0
    when = np.nan_to_num(labels.time, nan=-np.inf) if timed else chance
    order = np.lexsort((chance, when, labels.member))
    first = np.searchsorted(labels.member[order], labels.member[order])
    count = np.searchsorted(labels.member[order], labels.member[order], side="right") - first
    place = (np.arange(len(order)) - first + 0.5) / count
    part = np.zeros(len(order), np.int64)
    part[order] = np.where(place < 0.6, 0, np.where(place < 0.8, 1, 2))
    return part


class _Learning:
    """The network while it learns."""

    def __init__(
        self, catalogue: Catalogue, names: list[str], pairs: Pairs, present: NDArray[np.bool_], seed: int
    ) -> None:
        import torch

        from mmstudio.learning.nets.mmoe import Mixture, MixtureShape
        from mmstudio.learning.objectives.multitask import UncertaintyWeights

        numpy_random = np.random.default_rng(seed + 1)
        basis, scale = content_basis(catalogue.fused, numpy_random)
        people = np.log1p(catalogue.events.people)
        self.facts: dict[str, Any] = {
            "bases": names,
            "tasks": [task for task, there in zip(TASKS, present, strict=True) if there],
            "content_scale": scale,
            "people_mean": float(people.mean()),
            "people_std": float(people.std()) or 1.0,
        }
        self.basis, self.present, self.pairs = basis, present, pairs
        numbers = item_numbers(catalogue, basis, self.facts, {})
        size = int(min(65_536, max(256, 2 ** int(np.ceil(np.log2(2 * len(catalogue.ids) + 1))))))
        self.shape = MixtureShape(len(TASKS), ITEM + PERSON + CONTEXT + 1 + len(names), buckets=size)
        self.random = torch.Generator().manual_seed(seed)
        self.net = Mixture(self.shape, self.random)
        self._start_at_shares()
        self.weights = UncertaintyWeights(list(REGRESSION))
        self.numbers = torch.from_numpy(numbers)
        self.rows = torch.from_numpy(buckets(catalogue.ids, size))
        self._histories(numbers)
        self.data = [
            torch.from_numpy(np.ascontiguousarray(a))
            for a in (
                pairs.person,
                pairs.row,
                pairs.scores,
                pairs.context,
                pairs.labels,
                pairs.known,
                pairs.offset,
            )
        ]
        # Each head sees its own draw with replacement of the pairs (Poisson weights of mean 1).
        drawn = np.random.default_rng(seed + 2).poisson(1.0, (len(pairs.row), self.shape.heads))
        self.drawn = torch.from_numpy(drawn.astype(np.float32))
        rare = [p for name, p in self.net.named_parameters() if name == "ids.weight"]
        rest = [p for name, p in self.net.named_parameters() if name != "ids.weight"]
        self.optimiser = torch.optim.AdamW(
            [
                {"params": rare, "weight_decay": 1e-4},
                {"params": [*rest, *self.weights.parameters()], "weight_decay": 1e-2},
            ],
            lr=_RATE,
        )

    def _start_at_shares(self) -> None:
        """Let every task begin at its share of all pairs, so that little has to be learned first."""
        import torch

        pairs = self.pairs
        counted = pairs.known * pairs.weight[:, None]
        share = (pairs.labels * counted).sum(0) / np.maximum(counted.sum(0), 1)
        share = np.clip(share, 1e-5, 1 - 1e-5)
        with torch.no_grad():
            self.net.bias.add_(torch.from_numpy(np.log(share / (1 - share)).astype(np.float32))[:, None])

    def _histories(self, numbers: NDArray[np.float32]) -> None:
        import torch

        rows, weights, starts, own = [], [], [], np.zeros((len(self.pairs.history), PERSON), np.float32)
        table = self.rows.numpy()
        at = 0
        for k, history in enumerate(self.pairs.history):
            starts.append(at)
            if history:
                items = np.fromiter(history, np.int64, len(history))
                share = np.fromiter(history.values(), np.float32, len(history))
                share /= share.sum()
                own[k, : PERSON - 1] = share @ numbers[items, : PERSON - 1]
                own[k, PERSON - 1] = np.log1p(len(items)) / 4
                rows.append(table[items].reshape(-1))
                weights.append(np.repeat(share, 2))
                at += 2 * len(items)
        self.history = torch.from_numpy(np.concatenate(rows) if rows else np.zeros(0, np.int64))
        self.shares = torch.from_numpy(np.concatenate(weights) if weights else np.zeros(0, np.float32))
        self.starts = torch.tensor(starts, dtype=torch.int64)
        self.own = torch.from_numpy(own)

    def epoch(self, rate: float) -> Generator[float, None, None]:
        """One pass over the pairs; yields the share done. `rate`: share of the first learning rate."""
        import torch

        from mmstudio.learning.objectives.multitask import task_losses

        for group in self.optimiser.param_groups:
            group["lr"] = _RATE * rate
        count = len(self.pairs.row)
        order = torch.randperm(count, generator=self.random)
        present = torch.from_numpy(self.present)
        content = PERSON - 1
        every = torch.tensor([1.0, 1.0, 1.0, 0.0, 0.0])[None, :, None]  # tasks known of every pair
        for start in range(0, count, _BATCH):
            index = order[start : start + _BATCH]
            who, row, scores, context, labels, known, offset = (one[index] for one in self.data)
            person = self.net.people(self.history, self.starts, self.shares)[who]
            item = self.net.ids(self.rows[row])
            own, numbers = self.own[who], self.numbers[row]
            alike = (own[:, :content] * numbers[:, :content]).sum(1, keepdim=True)
            given = torch.cat([numbers, own, context, alike, scores], 1)
            hidden = self.shape.experts * self.shape.hidden
            drop = (torch.rand(len(index), hidden, generator=self.random) < _KEEP).float() / _KEEP
            logits = self.net(person, item, given, scores[:, 0], drop)
            # Fewer of the pairs not chosen are here than there are. What that adds to a logit is known
            # (case-control sampling, Prentice & Pyke 1979), so that the network learns the chance itself.
            logits = logits + offset[:, None, None] * every
            losses = task_losses(logits, labels, known, self.drawn[index], list(REGRESSION))
            loss = self.weights(losses, present)
            self.optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.net.parameters(), 5.0)
            self.optimiser.step()
            if not torch.isfinite(loss):
                raise StudioError("The training went astray.", hint="Try again with another seed.")
            yield min(1.0, (start + _BATCH) / count)

    def ranker(self, library: str, events: int, counted: int) -> Ranker:
        """What was learned, ready to score."""
        tensors = {name: value.detach().numpy().copy() for name, value in self.net.state_dict().items()}
        tensors["content"] = self.basis
        tensors["calibration"] = np.stack([np.ones(len(TASKS)), np.zeros(len(TASKS))], 1).astype(np.float32)
        facts = {**self.facts, "library": library, "events": counted, "pairs": events, "report": {}}
        return Ranker(tensors, {**facts, "stamp": time.strftime("%Y%m%d-%H%M%S", time.gmtime())})
