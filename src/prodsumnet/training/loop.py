"""The training loop: resumable after every epoch, to the same numbers as without interruption."""

import math
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import distributed, nn
from torch.nn import functional

from prodsumnet.data import Dataset, Split
from prodsumnet.numerics import checks, streams
from prodsumnet.training.augmentation import augment, draw_amounts
from prodsumnet.training.averaging import Average
from prodsumnet.training.checkpoint import Epoch, Header, load_state, save_state
from prodsumnet.training.evaluation import predictions
from prodsumnet.training.inputs import to_inputs
from prodsumnet.training.preconditioner import KroneckerFisher
from prodsumnet.training.processes import (
    is_first_process,
    own_places,
    process_count,
    process_rank,
)
from prodsumnet.training.schedule import one_cycle
from prodsumnet.training.settings import Training

_STARTS_AT_ZERO = 5e-3
"""Below this root mean square numbers count as zeros. Pools of shared numbers, in which biases near
zero are hashed, start at about 1e-3, give or take what a few of them vary."""


class NonFiniteLossError(ArithmeticError):
    """The loss became infinite or not a number; training stops where it happened."""


Progress = Callable[[int, int, Epoch | None], None]
"""Called after every step, and once more when an epoch is safely on disk, with the steps done, the
steps in all, and what is known of the last finished epoch."""


class Trainer:
    """Train one network on one data set.

    Everything random in an epoch comes from a generator seeded by (seed, epoch), so a training that
    goes on from a checkpoint is the one that was never interrupted, to the bit on one machine with
    one number of threads. (A network that draws random numbers of its own is beyond this.)

    Processes that ``torchrun`` started train the network together. The batch of the settings is
    that of one process: n processes do what one does with n times the batch and the same learning
    rate, within rounding. The first of them writes the state, and all must see its file.

    Parameters
    ----------
    model : Module
        The network, with its initial numbers; trained in place.
    settings : Training
        How.
    seed : int
        Of the order of the images and of their augmentation.
    state : Path, optional
        File of the training state, replaced after every epoch; without it nothing is kept.

    Attributes
    ----------
    history : list of Epoch
        What is known of the epochs that are done.
    seconds : float
        Wall time of the epochs that are done, over all sessions.
    fabric : Fabric
        Lightning's: device, precision and processes.

    Raises
    ------
    TypeError, ValueError
        If the seed is none, the network has nothing to train, or several processes shall train one
        with batch normalisation.
    """

    def __init__(
        self, model: nn.Module, settings: Training, seed: int, state: Path | None = None
    ) -> None:
        self.model, self.settings, self.state = model, settings, state
        self.seed = checks.seed_int(seed)
        self.history: list[Epoch] = []
        self.seconds = 0.0
        parameters = list(model.parameters())
        self._rates = [settings.learning_rate * _scale(p) for p in parameters]
        optimizer = torch.optim.AdamW(
            [{"params": [p]} for p in parameters],
            betas=settings.betas,
            weight_decay=settings.weight_decay,
            fused=not any(p.is_complex() for p in parameters),
        )
        self._average: Average | None = None
        self._fisher = _preconditioner(model, settings)
        # Not at the top of the file, for the time it takes: see there.
        from prodsumnet.training.fabric import launch

        self.fabric = launch(model, settings.precision)
        self._network, self._optimizer = self.fabric.setup(model, optimizer)

    @property
    def result(self) -> nn.Module:
        """The network to use: the average of the weights where averaging is on."""
        return self.model if self._average is None else self._average.module

    def fit(
        self, data: Dataset, progress: Progress | None = None, resume: bool = False
    ) -> nn.Module:
        """Train the epochs that remain and return the network to use, in evaluation mode.

        Parameters
        ----------
        data : Dataset
            Its training split is learnt from and its validation split is evaluated after every
            epoch; its test set is not touched.
        progress : callable, optional
            See `Progress`.
        resume : bool, optional
            Go on from the state file, if there is one.

        Raises
        ------
        NonFiniteLossError
            If the loss, or a trained number, becomes infinite or not a number; the message says
            where.
        ValueError
            If the batch size exceeds the number of training samples, samples that are no images are
            to be augmented, the state file is of another network, other settings, another seed,
            another data set or another number of processes, or processes do not start from the
            same.
        OSError
            If the state cannot be written.
        """
        split = data.split()
        steps = len(split.train_labels) // (self.settings.batch_size * process_count())
        if steps == 0:
            times = f" times {process_count()} processes" if process_count() > 1 else ""
            raise ValueError(
                f"batch_size {self.settings.batch_size}{times} exceeds the "
                f"{len(split.train_labels)} training samples"
            )
        if self.settings.averaging is not None and self._average is None:
            self._average = Average(self.model, max(1.0, self.settings.averaging * steps))
        if resume and self.state is not None and self.state.is_file():
            self._resume(self.state, data.digest)
        self._agree(data.digest)
        self._train(split, steps, data.digest, progress)
        return self.result.eval()

    def _resume(self, state: Path, data_digest: str) -> None:
        header = load_state(state, self._header(data_digest), self._modules(), self._optimizer)
        self._rates = header.rates
        self.history, self.seconds = header.history, header.seconds

    def _agree(self, data_digest: str) -> None:
        """Make sure that all processes train the same from the same epoch on."""
        mine = repr((self.seed, self.settings, data_digest, self._rates, self.history))
        agreed = torch.tensor(float(self.fabric.broadcast(mine) == mine), device=self.fabric.device)
        self.fabric.all_reduce(agreed, reduce_op="mean")
        if agreed < 1:
            raise ValueError(
                f"the {process_count()} processes do not start from the same; all need the same "
                "command, software and data, and must see the same folder of the run"
            )

    def _header(self, data_digest: str) -> Header:
        return Header(
            seed=self.seed,
            training=self.settings,
            data_digest=data_digest,
            processes=process_count(),
            rates=self._rates,
            history=self.history,
            seconds=self.seconds,
        )

    def _modules(self) -> dict[str, nn.Module]:
        modules = {"model": self.model, "average": self._average}
        return {name: module for name, module in modules.items() if module is not None}

    def _train(self, split: Split, steps: int, data_digest: str, progress: Progress | None) -> None:
        device = next(self.model.parameters()).device
        images = to_inputs(split.train_images.to(device))
        labels = split.train_labels.to(device)
        for epoch in range(len(self.history), self.settings.epochs):
            started = time.monotonic()
            loss = self._epoch(epoch, images, labels, steps, progress)
            correct = self._validation_accuracy(split)
            self.history.append(Epoch(epoch=epoch + 1, loss=loss, validation_accuracy=correct))
            self.seconds += time.monotonic() - started
            if self.state is not None and is_first_process():
                header = self._header(data_digest)
                save_state(self.state, header, self._modules(), self._optimizer)
            if progress is not None:
                progress((epoch + 1) * steps, self.settings.epochs * steps, self.history[-1])

    def _validation_accuracy(self, split: Split) -> float:
        """Return what share of the validation images is right; every process looks at a part."""
        images, labels = (
            items.tensor_split(process_count())[process_rank()]
            for items in (split.validation_images, split.validation_labels)
        )
        right = (predictions(self.result, images) == labels.cpu()).sum().to(self.fabric.device)
        self.fabric.all_reduce(right, reduce_op="sum")
        return int(right) / len(split.validation_labels)

    def _epoch(
        self,
        epoch: int,
        images: torch.Tensor,
        labels: torch.Tensor,
        steps: int,
        progress: Progress | None,
    ) -> float:
        """Train one epoch and return its mean loss."""
        settings, total = self.settings, 0.0
        generator = torch.Generator().manual_seed(streams.derive(self.seed, epoch))
        # Every process draws for all of them.
        mine = own_places(steps, settings.batch_size)
        order = torch.randperm(len(labels), generator=generator)[mine].to(images.device)
        amounts = None
        if settings.augmentation is not None:
            amounts = draw_amounts(len(labels), settings.augmentation, generator)[:, mine]
        self._network.train()
        for step in range(steps):
            position = epoch * steps + step
            span = slice(step * settings.batch_size, (step + 1) * settings.batch_size)
            batch, targets = images[order[span]], labels[order[span]]
            if settings.augmentation is not None and amounts is not None:
                batch = augment(batch, settings.augmentation, amounts[:, span])
            fraction = one_cycle((position + 1) / (settings.epochs * steps), settings.warmup)
            if settings.preconditioner is not None and step % settings.preconditioner.every == 0:
                self._refresh(batch, position)
            loss = self._step(batch, targets, fraction)
            where = f"epoch {epoch + 1}, step {step + 1} of {steps}"
            if not math.isfinite(loss):
                raise self._diverged(f"the loss is {loss} in {where}", fraction)
            if step + 1 == steps and not all(p.isfinite().all() for p in self.model.parameters()):
                raise self._diverged(f"a trained number is not finite after {where}", fraction)
            total += loss
            if progress is not None:
                last = self.history[-1] if self.history else None
                progress(position + 1, settings.epochs * steps, last)
        return total / steps

    def _refresh(self, images: torch.Tensor, position: int) -> None:
        # Every epoch starts with it, so that nothing has to be kept to go on after one.
        if self._fisher is not None:
            self._fisher.refresh(images, streams.derive(self.seed, position))

    def _step(self, images: torch.Tensor, targets: torch.Tensor, fraction: float) -> float:
        settings = self.settings
        for group, rate in zip(self._optimizer.param_groups, self._rates, strict=True):
            group["lr"] = rate * fraction
        logits = self._network(images)
        loss = functional.cross_entropy(
            logits.float(), targets, label_smoothing=settings.label_smoothing
        )
        total = loss.detach().clone()
        # On its way while the gradients are computed, which are averaged on theirs.
        exchange = distributed.all_reduce(total, async_op=True) if process_count() > 1 else None
        self._optimizer.zero_grad()
        self.fabric.backward(loss)
        if self._fisher is not None:
            self._fisher.precondition()
        if settings.clip_norm is not None:
            self.fabric.clip_gradients(
                self._network,
                self._optimizer,
                max_norm=settings.clip_norm,
                error_if_nonfinite=False,
            )
        if exchange is not None:
            exchange.wait()
        value = total.item() / process_count()
        if math.isfinite(value):
            self._optimizer.step()
            if self._average is not None:
                self._average.update()
        return value

    def _diverged(self, what: str, fraction: float) -> NonFiniteLossError:
        return NonFiniteLossError(
            f"{what}, at {fraction:.3f} of the learning rate {self.settings.learning_rate}; "
            "lower the learning rate or set clip_norm"
        )


def _preconditioner(model: nn.Module, settings: Training) -> KroneckerFisher | None:
    chosen = settings.preconditioner
    if chosen is None:
        return None
    if process_count() > 1:
        raise ValueError("several processes cannot train with a preconditioner; train in one")
    return KroneckerFisher(model, chosen.damping, chosen.pairs)


def _scale(numbers: torch.Tensor) -> float:
    """Return the root mean square of initial numbers; one for those that start at zero."""
    size = numbers.detach().abs().square().mean().sqrt().item()
    return size if size > _STARTS_AT_ZERO else 1.0
