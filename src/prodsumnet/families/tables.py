"""Tables of all families in Markdown: what they are, and what they can do at a size."""

from prodsumnet.families.registry import build, get, names


def markdown() -> str:
    """Return formula, source, use and least budget of every family, one row each."""
    rows = [
        "| family | formula | source | good for | sizes and least budget |",
        "|---|---|---|---|---|",
    ]
    for name in names():
        family = get(name)
        cells = f"`{name}`", family.formula, family.source, family.good_for, family.accepts
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def survey(out_features: int, in_features: int, budget: int) -> str:
    """Return what every family makes of a shape and a budget, one row each.

    Its least budget; how many trainable numbers its structure has by itself, what is missing to
    the budget being the sparse remainder of an exact build; and the multiply-additions for one
    vector, factor by factor.

    Parameters
    ----------
    out_features, in_features : int
        Shape.
    budget : int
        Most trainable numbers.
    """
    rows = ["| family | least | trainable | MACs |", "|---|--:|--:|--:|"]
    for name in names():
        least = get(name).least(out_features, in_features)
        if least > budget:
            rows.append(f"| `{name}` | {least:,} | | |")
            continue
        operator = build(name, out_features, in_features, budget, device="meta")
        macs = operator.cost().flops // 2
        rows.append(f"| `{name}` | {least:,} | {operator.num_trainable:,} | {macs:,} |")
    return "\n".join(rows)
