"""What a training depends on, as one frozen object."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer


class Settings(BaseModel):
    """Frozen, strict about names and types: the base of everything that a recipe holds."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, strict=True)


Decay = Annotated[float, Field(ge=0, lt=1)]
"""Share of an average that stays from one step to the next."""


class Augmentation(Settings):
    """Largest random changes to an image; each is drawn uniformly between minus and plus."""

    rotation: float = Field(default=10.0, ge=0, le=180, description="degrees")
    scale: float = Field(default=0.1, ge=0, lt=1, description="relative, each axis by itself")
    shear: float = Field(
        default=0.1, ge=0, le=1, description="pixels sideways for each one upwards"
    )
    shift: float = Field(default=1.5, ge=0, le=28, description="pixels, each axis by itself")
    flip: bool = Field(default=False, description="mirror half of the images left to right")


class Preconditioner(Settings):
    """How gradients become natural gradients, see `prodsumnet.training.KroneckerFisher`."""

    damping: float = Field(default=1.0, gt=0, description="relative to a Fisher's mean diagonal")
    every: int = Field(default=100, ge=1, description="steps from one estimate to the next")
    pairs: int = Field(default=4096, ge=1, le=2**20, description="drawn for an estimate")


class Training(Settings):
    """How a network is trained: AdamW under a one-cycle schedule (Smith & Topin 2019).

    The learning rate is relative: a factor whose numbers start with root mean square s moves by
    ``learning_rate * s`` a step, so that one value serves factors of any size.
    """

    epochs: int = Field(default=8, ge=1, le=10_000)
    batch_size: int = Field(default=128, ge=1, le=55_000)
    learning_rate: float = Field(default=0.08, gt=0, le=10)
    warmup: float = Field(default=0.1, ge=0, lt=1, description="share of the steps")
    betas: tuple[Decay, Decay] = (0.9, 0.99)
    weight_decay: float = Field(default=0.0, ge=0)
    clip_norm: float | None = Field(default=None, gt=0, description="largest gradient norm")
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)
    averaging: float | None = Field(
        default=0.25, gt=0, description="horizon of the moving average of the weights, in epochs"
    )
    precision: Literal["float32", "bfloat16"] = "bfloat16"
    augmentation: Augmentation | None = Augmentation()
    preconditioner: Preconditioner | None = None

    @model_serializer(mode="wrap")
    def _as_before(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave the preconditioner out where there is none: recipes keep their digests."""
        values = serialize(self)
        if self.preconditioner is None:
            del values["preconditioner"]
        return values
