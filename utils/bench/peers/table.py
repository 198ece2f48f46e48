"""Rounds become figures, figures become rows, rows become text, JSON or CSV."""
import csv
import io
import json
import statistics

import operations


def figures_of(measured, statistic):
    """{(key, procs): {variant: [values]}} -> the same with one figure, None where none is."""
    choose = {"best": min, "median": statistics.median}[statistic]
    return {
        place: {name: choose(values) if values else None for name, values in by_variant.items()}
        for place, by_variant in measured.items()
    }


def columns_of(by_variant):
    """Boost's schedulers become one column, the best of them, with the name it was."""
    columns = {}
    scheduler = ""
    for name, value in by_variant.items():
        peer, _, choice = name.partition(" ")
        known = columns.get(peer)
        if known is None or (value is not None and value < known):
            columns[peer] = value
            if choice and value is not None:
                scheduler = choice
    return columns, scheduler


def rows_of(chosen, measured, statistic):
    figures = figures_of(measured, statistic)
    rows = []
    for operation in chosen:
        for procs in operation.procs:
            for key, title, unit in operation.rows:
                if (key, procs) not in figures:
                    continue
                columns, scheduler = columns_of(figures[key, procs])
                target, met = operations.judge(key, columns)
                peers = operations.rivals(key, columns)
                best = min(peers, key=peers.get) if peers else ""
                ours = columns.get("ours")
                rows.append({
                    "operation": title, "key": key, "unit": unit, "procs": procs,
                    "ours": ours, "go": columns.get("go"), "boost": columns.get("boost"),
                    "boost_scheduler": scheduler, "threads": columns.get("threads"),
                    "best_peer": best,
                    "ratio": ours / peers[best] if peers and ours is not None else None,
                    "ratio_to_go": ours / peers["go"] if "go" in peers and ours is not None else None,
                    "target": target, "met": met,
                    "rounds": {name: values for name, values in measured[key, procs].items()},
                })
    return rows


def number(value, measured=True):
    if value is None:
        return "slow" if measured else ""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


SHORT = {"round_robin": "r", "shared_work": "s", "work_stealing": "w", "": ""}


def text(rows, note):
    heads = ("operation", "P", "unit", "ours", "Go", "Boost", "thread", "x Go", "x best", "best peer",
             "target", "verdict")
    lines = [heads]
    for row in rows:
        took_part = {name.partition(" ")[0] for name in row["rounds"]}
        cells = [number(row[peer], peer in took_part) for peer in ("ours", "go", "boost", "threads")]
        if row["boost"] is not None:
            cells[2] += " " + SHORT[row["boost_scheduler"]]
        ratios = ["" if row[k] is None else f"{row[k]:.2f}" for k in ("ratio_to_go", "ratio")]
        verdict = {True: "ok", False: "MISSED", None: ""}[row["met"]]
        lines.append((row["operation"], str(row["procs"]), row["unit"], *cells, *ratios,
                      row["best_peer"], row["target"], verdict))
    widths = [max(len(line[i]) for line in lines) for i in range(len(heads))]
    left = (0, 2, 9, 10, 11)
    out = [
        "  ".join(cell.ljust(width) if i in left else cell.rjust(width)
                  for i, (cell, width) in enumerate(zip(line, widths))).rstrip() for line in lines
    ]
    judged = [row for row in rows if row["met"] is not None]
    met = sum(row["met"] for row in judged)
    out += ["", note, "Boost.Fiber's scheduler: r round_robin on one thread, s shared_work, w work_stealing.",
            f"{met} of {len(judged)} targets met"]
    return "\n".join(out) + "\n"


def as_json(rows, facts):
    return json.dumps({"machine": facts, "rows": rows}, indent=1) + "\n"


def as_csv(rows):
    out = io.StringIO()
    names = [name for name in (rows[0] if rows else {}) if name != "rounds"]
    writer = csv.DictWriter(out, names, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()
