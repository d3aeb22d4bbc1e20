# SPDX-License-Identifier: GPL-2.0
"""contrib/grafana-dashboard.json drawn from a Prometheus' answers: its panels where Grafana has them,
its queries, its legends and units. Grafana itself is not among Debian's packages."""

import json
import re

import matplotlib

matplotlib.use("Agg")

from matplotlib import dates, pyplot  # noqa: E402
from matplotlib.ticker import EngFormatter, PercentFormatter  # noqa: E402

COLUMNS, ROW, TALL = 24, 0.36, 44
UNITS = {"pps": EngFormatter("p/s", sep=" "), "bps": EngFormatter("b/s", sep=" "),
         "s": EngFormatter("s"), "percentunit": PercentFormatter(1), "none": EngFormatter("")}


def legend(target, metric):
    pattern = target.get("legendFormat") or "{{instance}}"
    return re.sub(r"\{\{(\w+)\}\}", lambda match: metric.get(match[1], ""), pattern)[:44]


def draw_series(axes, panel, ask):
    for target in panel["targets"]:
        for series in ask(target["expr"]):
            times = [dates.epoch2num(float(t)) if hasattr(dates, "epoch2num") else float(t) / 86400
                     for t, _ in series["values"]]
            axes.plot(times, [float(value) for _, value in series["values"]], linewidth=1,
                      label=legend(target, series["metric"]))
    axes.xaxis.set_major_formatter(dates.DateFormatter("%H:%M:%S"))
    axes.xaxis.set_major_locator(dates.AutoDateLocator(maxticks=5))
    axes.yaxis.set_major_formatter(UNITS[unit_of(panel)])
    axes.set_ylim(bottom=0)
    axes.tick_params(labelsize=6)
    axes.grid(alpha=0.25)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize=5, loc="upper left", framealpha=0.6)


def unit_of(panel):
    unit = panel.get("fieldConfig", {}).get("defaults", {}).get("unit", "none")
    return unit if unit in UNITS else "none"


def draw_last(axes, panel, ask):
    """A stat, or a table: the last value, or the labels."""
    axes.axis("off")
    lines = []
    for target in panel["targets"]:
        for series in ask(target["expr"]):
            metric = series["metric"]
            if panel["type"] == "table":
                lines.append("  ".join(metric.get(name, "") for name in
                                       ("interface", "role", "mode", "program")))
            else:
                lines.append(UNITS[unit_of(panel)](float(series["values"][-1][1])))
    axes.text(0.5, 0.45, "\n".join(lines), ha="center", va="center",
              fontsize=9 if panel["type"] == "table" else 20, family="monospace")


def draw(path, dashboard, ask):
    """@ask: from an expression to the series of a range, as Prometheus' query_range has them."""
    figure = pyplot.figure(figsize=(13, TALL * ROW), dpi=80)
    for panel in json.loads(dashboard.read_text())["panels"]:
        place = panel["gridPos"]
        height = place["h"] / TALL
        axes = figure.add_axes([place["x"] / COLUMNS + 0.045, 1 - place["y"] / TALL - height + 0.018,
                                place["w"] / COLUMNS - 0.06, height - 0.045])
        axes.set_title(panel["title"], fontsize=8, loc="left")
        (draw_series if panel["type"] == "timeseries" else draw_last)(axes, panel, ask)
    figure.savefig(path)
