# SPDX-License-Identifier: GPL-2.0
"""What comes with the metrics speaks of metrics that exist: their page, the dashboard, the alerts."""

import json
import re
import subprocess

import pytest

from conftest import HERE, until

ROOT = HERE.parents[1]
ALERTS = ROOT / "contrib" / "xfw-alerts.yml"
URL = "http://127.0.0.1:9567/metrics"

# What Prometheus would hold, what it should say: none of it for a host that is well.
ALERT_TESTS = """
rule_files: [%s]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - {series: 'up{job="xfw",instance="a"}', values: '1x30'}
      - {series: 'xfw_up{job="xfw",instance="a"}', values: '1x30'}
      - {series: 'xfw_interface_info{instance="a",interface="eth0",role="wan",mode="native"}', values: '1x30'}
      - {series: 'xfw_flows{job="xfw",instance="a",state="established"}', values: '10x30'}
      - {series: 'xfw_flows{job="xfw",instance="a",state="opening"}', values: '90x30'}
      - {series: 'xfw_map_capacity_entries{job="xfw",instance="a",map="flows"}', values: '100x30'}
      - {series: 'xfw_pending_confirm_seconds{instance="a"}', values: '0x30'}
      - {series: 'up{job="xfw",instance="b"}', values: '0x30'}
      - {series: 'xfw_up{job="xfw",instance="c"}', values: '0x30'}
      - {series: 'xfw_interface_info{instance="d",interface="eth0",role="wan",mode="generic"}', values: '1x30'}
      - {series: 'xfw_interface_info{instance="e",interface="eth0",role="wan",mode="none"}', values: '1x30'}
      - {series: 'xfw_flows{job="xfw",instance="f",state="established"}', values: '50x30'}
      - {series: 'xfw_flows{job="xfw",instance="f",state="echo"}', values: '40x30'}
      - {series: 'xfw_map_capacity_entries{job="xfw",instance="f",map="flows"}', values: '100x30'}
      - {series: 'xfw_drop_packets_total{instance="g",role="lan",reason="source-spoofed"}', values: '0+120x30'}
      - {series: 'xfw_pending_confirm_seconds{instance="h"}', values: '60x30'}
    promql_expr_test:
      - expr: 'count by (alertname, instance) (ALERTS{alertstate="firing"})'
        eval_time: 25m
        exp_samples:
          - {labels: '{alertname="XfwExporterSilent",instance="b"}', value: 1}
          - {labels: '{alertname="XfwDown",instance="c"}', value: 1}
          - {labels: '{alertname="XfwGenericMode",instance="d"}', value: 1}
          - {labels: '{alertname="XfwNotAttached",instance="e"}', value: 1}
          - {labels: '{alertname="XfwTableNearlyFull",instance="f"}', value: 1}
          - {labels: '{alertname="XfwSpoofingGuest",instance="g"}', value: 1}
          - {labels: '{alertname="XfwChangeOnTrial",instance="h"}', value: 1}
"""


@pytest.fixture(scope="module")
def families(lab):
    """Every metric of a lab that is up: its type and its labels."""
    lab.xfw("up")
    lab.xfw("allow", "tcp", 443, "vm1")
    lab.start("hv", *lab.xfw_words("exporter")[2:])
    assert until(lambda: lab.run("hv", "curl", "-sS", URL, check=False).stdout)
    text = lab.run("hv", "curl", "-sS", URL).stdout
    labels = {name: set() for name in re.findall(r"^# TYPE (\S+) ", text, re.M)}
    for name, rest in re.findall(r"^([a-z_]+)(\{.*\})? ", text, re.M):
        labels[name] |= set(re.findall(r'(\w+)="(?:\\.|[^"\\])*"', rest))
    return {name: (kind, labels[name])
            for name, kind in re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M)}


def names_in(expression):
    return set(re.findall(r"\bxfw_[a-z_]+", expression))


def test_the_page_lists_every_metric_and_no_other(families):
    rows = re.findall(r"^\| `(xfw_\w+)` \| (\w+) \|([^|]*)\|",
                      (ROOT / "docs" / "metrics.md").read_text(), re.M)
    assert {name: (kind, set(re.findall(r"`(\w+)`", labels)))
            for name, kind, labels in rows} == families


def test_the_dashboard_asks_for_what_exists_and_shows_all_of_it(families):
    dashboard = json.loads((ROOT / "contrib" / "grafana-dashboard.json").read_text())
    queries = [t["expr"] for panel in dashboard["panels"] for t in panel["targets"]]
    queries += [v["query"] for v in dashboard["templating"]["list"] if v["type"] == "query"]
    assert set().union(*map(names_in, queries)) == set(families)
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(ids) == len(set(ids))


def test_prometheus_understands_every_query_of_the_dashboard(tmp_path):
    dashboard = json.loads((ROOT / "contrib" / "grafana-dashboard.json").read_text())
    rules = [{"record": f"panel:{panel['id']}:{t['refId']}",
              "expr": t["expr"].replace("$__rate_interval", "5m").replace("$instance", ".*")}
             for panel in dashboard["panels"] for t in panel["targets"]]
    path = tmp_path / "queries.yml"
    path.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    check = subprocess.run(["promtool", "check", "rules", path], capture_output=True, text=True)
    assert check.returncode == 0, check.stdout + check.stderr


def test_the_alerts_ask_for_what_exists(families):
    names = names_in(ALERTS.read_text())
    assert names and names <= set(families)
    check = subprocess.run(["promtool", "check", "rules", ALERTS], capture_output=True, text=True)
    assert check.returncode == 0, check.stdout + check.stderr


def test_each_alert_fires_for_its_fault_and_for_no_other(tmp_path):
    path = tmp_path / "alerts.yml"
    path.write_text(ALERT_TESTS % ALERTS)
    check = subprocess.run(["promtool", "test", "rules", path], capture_output=True, text=True)
    assert check.returncode == 0, check.stdout + check.stderr
    assert all(alert in ALERT_TESTS for alert in re.findall(r"alert: (\w+)", ALERTS.read_text()))


# ---- a Prometheus that runs ----

SCRAPE = """
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [%s]
scrape_configs:
  - job_name: xfw
    static_configs: [{targets: ["127.0.0.1:9567"]}]
"""
API = "http://127.0.0.1:9090/api/v1"


def ask(lab, path, **parameters):
    words = [word for name, value in parameters.items()
             for word in ("--data-urlencode", f"{name}={value}")]
    answer = lab.run("hv", "curl", "-sS", "-G", f"{API}/{path}", *words, check=False).stdout
    # While it starts, it answers in words.
    return json.loads(answer) if answer.startswith("{") else {"status": "no answer"}


def value_of(lab, query):
    result = ask(lab, "query", query=query).get("data", {}).get("result", [])
    return float(result[0]["value"][1]) if result else None


@pytest.fixture(scope="module")
def prometheus(lab, families, tmp_path_factory):
    folder = tmp_path_factory.mktemp("prometheus")
    (folder / "prometheus.yml").write_text(SCRAPE % ALERTS)
    lab.start("hv", "prometheus", f"--config.file={folder}/prometheus.yml",
              f"--storage.tsdb.path={folder}/data", "--web.listen-address=127.0.0.1:9090")
    assert until(lambda: value_of(lab, 'up{job="xfw"}') == 1, 60)
    return lab


def test_a_prometheus_counts_what_xfw_counts(prometheus):
    lab = prometheus
    lab.run("internet", "nmap", "-6", "-n", "-Pn", "-sS", "-p", "1-50", "--max-retries", 0,
            "2001:db8:1:2:8000:1:0:1")
    query = 'xfw_drop_packets_total{role="wan",reason="not-allowed"}'
    assert lab.dropped("not-allowed") >= 50
    assert until(lambda: value_of(lab, query) == lab.dropped("not-allowed"))


def test_every_panel_and_alert_is_answered_by_it(prometheus):
    dashboard = json.loads((ROOT / "contrib" / "grafana-dashboard.json").read_text())
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            expression = target["expr"].replace("$__rate_interval", "1m").replace("$instance", ".*")
            answer = ask(prometheus, "query", query=expression)
            assert answer["status"] == "success", (expression, answer)
    groups = ask(prometheus, "rules")["data"]["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert len(rules) == len(re.findall(r"- alert:", ALERTS.read_text()))
    assert until(lambda: all(rule["health"] == "ok" for group in
                             ask(prometheus, "rules")["data"]["groups"] for rule in group["rules"]),
                 90)
