"""Cases of the dilated-convolution family: torch's layers with dilation on unit inputs."""

from tests.oracles.families.convolution import cases

from prodsumnet import families


def _build(*arguments: object, **options: object):
    return families.build("dilated-convolution", *arguments, **options)


ERRORS = (
    (lambda: _build(12, 5, 2), ValueError, "'dilated-convolution' at 12×5 needs .* at least 3"),
    (lambda: _build(4, 6, 9, rate=2), TypeError, "takes the options .*dilation.*got 'rate'"),
    (lambda: _build(4, 6, 9, dilation=0), ValueError, "dilation must lie between 1"),
    (lambda: _build(4, 6, 9, dilation=(2, 2)), ValueError, "must be an integer or 1 integers"),
    (lambda: _build(4, 6, 9, kernel_size=4), ValueError, r"dilation \(2,\) exceeds the image of 6"),
)

CASES = cases(
    "dilated-convolution",
    ERRORS,
    (
        # Strides that have no factor in common with the dilation.
        (
            (16, 16, 36, {}),
            ((4, 4), ((2, 2),), {"stride": (4, 3), "padding": (0, 1), "dilation": 2}),
            32,
        ),
        ((9, 9, 7, {}), ((3, 3), ((2, 2),), {"padding": "same", "dilation": 2}), 4),
        ((11, 7, 30, {}), ((7,), ((3,), (2,)), {"stride": 7, "dilation": 2}), 30),
        ((1, 1, 1, {}), ((1,), ((1,),), {}), 1),
        (
            (10, 16, 11, {"padding_mode": "circular", "stride": 2}),
            (
                (4, 4),
                ((2, 2), (1, 2)),
                {
                    "stride": 2,
                    "padding": [(1, 1), (0, 1)],
                    "padding_mode": "circular",
                    "dilation": 2,
                },
            ),
            10,
        ),
        (
            (8, 16, 18, {"in_channels": 2, "kernel_size": 3, "stride": 2, "dilation": 3}),
            ((8,), ((3,),), {"stride": 2, "padding": 3, "dilation": 3}),
            12,
        ),
        (
            (8, 12, 9, {"input_size": (3, 2, 2), "dilation": (2, 1, 1), "stride": 1}),
            ((3, 2, 2), ((2, 2, 2),), {"padding": "same", "dilation": (2, 1, 1)}),
            8,
        ),
    ),
)
