"""What was measured: kept as JSON, put together from several files, shown as tables and as a chart."""

import dataclasses
import json
import pathlib
import statistics


@dataclasses.dataclass
class Measured:
    """One model in one precision on one machine."""

    model: str
    precision: str
    #: What `sweep` computed with, as its runs record it.
    backend: str
    flop_per_token: float
    #: What libtorch's own product reaches, in GFLOP/s, once per repetition.
    rates: list = dataclasses.field(default_factory=list)
    #: Tokens per second by what trained, once per repetition; None where it did not fit the memory.
    speeds: dict = dataclasses.field(default_factory=dict)
    #: Shares of the processor that others took meanwhile.
    others: list = dataclasses.field(default_factory=list)

    def fitting(self):
        return {name: speeds for name, speeds in self.speeds.items() if None not in speeds}

    def fastest_peer(self):
        """In each repetition the speed of the fastest way to run the peer; empty where none was measured."""
        peers = [speeds for name, speeds in self.fitting().items() if name.startswith("peer")]
        return [max(speeds) for speeds in zip(*peers)]


def save(path, machine, measured):
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = {"format_version": 1, "machine": machine, "measured": [dataclasses.asdict(piece) for piece in measured]}
    path.write_text(json.dumps(kept, indent=1) + "\n")


def join(paths):
    """The machine and all pieces of several files, which must be of one machine; pieces of the same name become one."""
    machine, joined = None, {}
    for path in paths:
        kept = json.loads(pathlib.Path(path).read_text())
        if kept.get("format_version") != 1:
            raise SystemExit(f"{path}: format version {kept.get('format_version')}; 1 is known here")
        if machine not in (None, kept["machine"]):
            raise SystemExit(f"{path}: measured on {kept['machine']}, the files before it on {machine}")
        machine = kept["machine"]
        for piece in map(lambda fields: Measured(**fields), kept["measured"]):
            into = joined.setdefault((piece.model, piece.precision), dataclasses.replace(piece, rates=[], speeds={}, others=[]))
            into.rates += piece.rates
            into.others += piece.others
            for name, speeds in piece.speeds.items():
                into.speeds[name] = into.speeds.get(name, []) + speeds
    return machine, list(joined.values())


def spread(values, unit=""):
    return f"{statistics.median(values):.3g}{unit} ({min(values):.3g}-{max(values):.3g})"


def show(piece):
    """A table in Markdown; ratios are of one repetition each."""
    print(f"\n{piece.model}, {piece.precision}, `sweep` with {piece.backend}: ", end="")
    print(f"libtorch's product rate {spread(piece.rates, ' GFLOP/s')}, ", end="")
    print(f"{piece.flop_per_token / 1e6:.0f} MFLOP needed per token, others took up to {100 * max(piece.others):.0f} % of the processor\n")
    speeds_of = piece.fitting()
    bases = {f"ratio to {name}": speeds_of[name] for name in ("peer", "peer, grouped") if name in speeds_of}
    if sum(name.startswith("peer") for name in speeds_of) > len(bases):
        bases["ratio to the fastest peer"] = piece.fastest_peer()
    print(f"| | tokens/s | {''.join(f'{name} | ' for name in bases)}share of product rate |")
    print(f"|:--|--:|{'--:|' * len(bases)}--:|")
    for name, speeds in speeds_of.items():
        ratios = "".join(f"{spread([x / y for x, y in zip(speeds, base)])} | " for base in bases.values())
        shares = [100 * speed * piece.flop_per_token / rate / 1e9 for speed, rate in zip(speeds, piece.rates)]
        print(f"| {name} | {spread(speeds)} | {ratios}{spread(shares, ' %')} |", flush=True)


def chart(pieces, path):
    """Speed of the last model against the number of runs in a pack, one line per precision, as PNG."""
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4.5), dpi=150, layout="constrained")
    ticks = set()
    for piece in pieces:
        if piece.model != pieces[-1].model:
            continue
        packs = {int(name.removeprefix("pack of ")): speeds for name, speeds in piece.fitting().items() if name.startswith("pack of ")}
        ticks.update(packs)
        (line,) = axes.plot(list(packs), [statistics.median(speeds) for speeds in packs.values()], marker="o", label=piece.precision)
        if "peer" in piece.fitting():
            axes.axhline(statistics.median(piece.speeds["peer"]), color=line.get_color(), linestyle=":")
            axes.axhline(statistics.median(piece.fastest_peer()), color=line.get_color(), linestyle="--")
    axes.set_xscale("log", base=2)
    axes.set_xticks(sorted(ticks), [str(pack) for pack in sorted(ticks)])
    axes.set(xlabel="runs in a pack", ylabel="real tokens/s of all runs", ylim=(0, None))
    axes.set_title("Trainer + PEFT, one run at a time: dotted; in the fastest way that was tried: dashed", fontsize=9)
    axes.legend()
    figure.savefig(path)
