"""Holds the figures of a report against what the verbs say that answer the same questions."""

import json
import pathlib
import re
import sys
import time

work = pathlib.Path(sys.argv[1])
faults = []
compared = 0


def read(name):
    return json.loads((work / name).read_text())


def expect_same(what, told, verb):
    global compared
    compared += max(1, len(verb) if isinstance(verb, (list, dict)) else 1)
    if told != verb:
        if isinstance(verb, list) and isinstance(told, list):
            told, verb = [row for row in told if row not in verb][:3], [row for row in verb if row not in told][:3]
        faults.append(f"{what}: the report says {told}, the verb {verb}")


def expect(what, holds):
    global compared
    compared += 1
    if not holds:
        faults.append(what)


document = read("report.json")
report = {chapter["id"]: chapter for chapter in document["chapters"]}
identity = {fact["name"]: fact["value"] for fact in document["identity"]}


def table(chapter, caption=None):
    """Its rows, by the names of columns."""
    for one in report[chapter]["tables"]:
        if caption is None or one["caption"].startswith(caption):
            return [dict(zip(one["columns"], row)) for row in one["rows"]]
    faults.append(f"{chapter} has no table {caption}")
    return []


def moment(seconds):
    return "" if seconds is None else time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def counted(end):
    return f"{end['name']} ({end['hosts']})" if end["hosts"] > 1 else end["name"]


# list
lines = read("list.json")
expect_same(
    "flows",
    [list(row.values())[:8] for row in table("flows")],
    [
        [
            line["flow"], counted(line["from"]), counted(line["to"]), f"{line['service']} ({line['ports']})", line["why"],
            line.get("owner", ""), line.get("ticket", ""), line.get("until", ""),
        ]
        for line in lines["lines"]
    ],
)

# check --guards
told = [json.loads(line) for line in (work / "guards.json").read_text().splitlines()]
verdicts = [line for line in told if "guard" in line]


def shown(guard):
    """What the verb says that a guard is shown by."""
    return next((one["shown"] for one in verdicts if one["guard"] == guard), None) or "nothing"


expect_same(
    "guards",
    [[row["guard"], row["what it says"], row["why"], row["holds"], row["shown by"].endswith(shown(row["guard"]))] for row in table("guards")],
    [[one["guard"], one["says"], one.get("why", ""), "yes" if one["holds"] else "no", True] for one in verdicts],
)
for one in verdicts:
    row = next(row for row in table("guards") if row["guard"] == one["guard"])
    way = row["what mends it"]
    expect(f"the guard {one['guard']} is told with its remedy and the flows of it: {way}",
           all(f"`{flow}`" in way for flow in one.get("remove", [])) and (way == "") == one["holds"])
broken = [one["guard"] for one in verdicts if not one["holds"]]
expect_same("the broken guard", broken, ["the-keys-stay-out-of-reach"])

# reach
rank = read("rank.json")["roles"]
expect_same(
    "reach by role",
    sorted([int(row["hosts"]), [int(row[f"in {hop}"]) for hop in (1, 2, 3)], row["nearest crown jewel"]] for row in table("reach")),
    sorted(
        [
            len(role["hosts"]), role["reached"],
            f"{role['nearest_crown']} hop{'' if role['nearest_crown'] == 1 else 's'}" if "nearest_crown" in role else "none in 3",
        ]
        for role in rank
    ),
)
for zone in ("vault", "cold"):
    ways = read(f"to-{zone}.json")
    rows = table("crown-jewels", f"Who gets to {zone} ")
    inside = [row for row in rows if not row["from"].endswith("(outside)")]

    def hosts(row):
        many = re.search(r"\((\d+)\)$", row["from"])
        return int(many.group(1)) if many else 1

    expect_same(
        f"who gets to {zone}", sorted([int(row["hops"]), hosts(row)] for row in inside),
        sorted([len(origin["path"]), len(origin["hosts"])] for origin in ways["origins"]),
    )
    nearest = {}
    for way in ways["outside"]:
        nearest.setdefault(way[0]["from"], len(way))
    expect_same(
        f"who gets to {zone} from outside",
        sorted([row["from"].removesuffix(" (outside)"), int(row["hops"])] for row in rows if row["from"].endswith("(outside)")),
        sorted([name, hops] for name, hops in nearest.items()),
    )

# status
status = {one["host"]: one for one in read("before/status.json")["hosts"]}
after = {one["host"]: one for one in read("after/status.json")["hosts"]}
states = {row["host"]: row for row in table("hosts")}
expect_same("hosts that were asked", sorted(states), sorted(status))
for host, one in status.items():
    row = states.get(host, {})
    differing = one["objects_differing"]
    expect_same(
        f"state of {host}",
        [row.get(key) for key in ("modes", "confirmed revision", "given (UTC)", "against the inventory", "trial", "chains of others")],
        [
            ", ".join(f"{direction['hook']} {direction['mode']}s" for direction in one["table"]["directions"]),
            str(one["confirmed"]["revision"]), moment(one["confirmed"]["time"]),
            "as the inventory" if differing == 0 else f"{differing} object{' differs' if differing == 1 else 's differ'}",
            "none", str(len(one["foreign_chains"])),
        ],
    )
    expect_same(f"drift of {host}, as status has it", row.get("state"), "drifted" if one["confirmed"]["is_drifted"] else "as confirmed")

# drift
expect_same(
    "drift", {host: row["state"].replace(" ", "-") for host, row in states.items()},
    {one["host"]: one["status"] for one in read("before/drift.json")["hosts"]},
)
expect_same("who has drifted", [host for host, row in states.items() if row["state"] == "drifted"], ["queue-1"])

# quarantine and open, as status has them
exceptions = table("exceptions")
for what, key in (("refuses", "quarantine"), ("has open", "opened")):
    verb = {}
    for host, one in status.items():
        for each in one.get(key, []):
            if key == "quarantine":
                whom, end = f"{each['host']} ({each['address']})", "until released"
                why = each["why"]
            else:
                whom, end = f"{each['flow']['from']} → {each['flow']['to']}, {each['flow']['service']}", None
                why = f"{each['why']}, {each['ticket']}"
            known = verb.setdefault((whom, each["by"], why), {"hosts": set(), "since": each["since"], "until": 0, "end": end})
            known["hosts"].add(host)
            known["since"] = min(known["since"], each["since"])
            known["until"] = max(known["until"], each.get("until", 0))
    expect_same(
        what,
        sorted(
            [row["whom"], row["by"], row["why"], int(re.search(r"\((\d+)\)$", row["hosts"]).group(1)), row["since (UTC)"], row["until (UTC)"]]
            for row in exceptions if row["what"] == what
        ),
        sorted(
            [*whom, len(each["hosts"]), moment(each["since"]), each["end"] or moment(each["until"])] for whom, each in verb.items()
        ),
    )
    expect(f"there is something that a host {what}", len(verb) > 0)

# usage: between the two times that the verb was asked, and equal where those are
uses = {row["flow"]: row for row in table("usage")}
earlier = {one["flow"]: one for one in read("before/usage.json")["flows"]}
later = {one["flow"]: one for one in read("after/usage.json")["flows"]}
expect_same("flows with a use", sorted(uses), sorted(earlier))
for flow, one in earlier.items():
    for column, key in (("connections", "connections"), ("sessions", "sessions")):
        bounds = sorted((one[key], later[flow][key]))
        expect(f"{key} of {flow}: the report says {uses[flow][column]}, usage {bounds}", bounds[0] <= int(uses[flow][column]) <= bounds[1])
    expect(f"whether {flow} was ever used", (uses[flow]["last used"] == "never") == ("last_used" not in one))
for row in table("flows"):
    # A flow that no host has yet is used nowhere.
    use = uses.get(row["flow"], {"last used": "not told", "sessions": "not told"})
    expect_same(f"use of {row['flow']} beside what it allows", [row["last used"], row["sessions"]], [use["last used"], use["sessions"]])
expect("something was used", any(one["connections"] for one in earlier.values()))

# denied
denied = {}
for host in read("before/denied.json")["hosts"]:
    for direction in host["directions"]:
        for record in direction["records"]:
            if not record["of_probe"]:
                source = record.get("source_host") or record["source"]
                way = {"input": "in", "output": "out", "forward": "through"}[direction["direction"]]
                denied[way, source] = denied.get((way, source), 0) + record["packets"]
shown = {}
for one in report["denied"]["tables"]:
    way = re.match(r"denied on the way (\w+)", one["caption"]).group(1)
    for row in one["rows"]:
        source = re.sub(r"^\W*", "", row[0]).split(" ")[0]
        packets = re.search(r"(\d+) packets?", " ".join(row))
        if packets:
            shown[way, source] = shown.get((way, source), 0) + int(packets.group(1))
expect_same("denied packets by source", shown, denied)
expect("what the web server wanted of the database was denied", ("out", "web-1") in denied)

# history
books = {one["host"]: one["books"] for one in read("before/history.json")["hosts"]}
expect_same(
    "revisions",
    [
        [row[key] for key in ("host", "revision", "index", "given (UTC)", "by", "approved by", "why", "confirmed (UTC)", "confirmed by")]
        for row in table("history", "Revisions")
    ],
    [
        [
            host, str(one["number"]), str(one.get("index", "none")), moment(one["time"]), one["by"],
            ", ".join(one["approved_by"]) if "approved_by" in one else "not asked for", one.get("why", ""),
            moment(one.get("confirmed_at")), one.get("confirmed_by", ""),
        ]
        for host, of in books.items()
        for one in reversed(of["revisions"])
    ],
)
expect_same(
    "chains", [[row["host"], row["chain"], row["digest of its last line"]] for row in table("history", "Chains")],
    [[host, "; ".join(of["chain_faults"] + of["damage"]) or "holds", of["chain_tip"]] for host, of in books.items()],
)
expect_same(
    "events", sorted([row["host"], row["time (UTC)"], row["by"], row["event"]] for row in table("history", "Events")),
    sorted([host, moment(one["time"]), one["by"], one["event"]] for host, of in books.items() for one in of["events"]),
)

# verify: whose approval of the plan counts is who is told to have approved what is in force.
approved = read("verify.json")
expect_same("who approved", approved["approvers"], ["ada", "bob"])
signed = ["keys-1", "signer-1", "signer-2"]
expect_same(
    "approved by, of the whole", identity["Approved by"],
    f"{', '.join(approved['approvers'])} (what is in force on {len(signed)} of {len(status)} hosts)",
)
for row in table("history", "Revisions"):
    meant = ", ".join(approved["approvers"]) if row["host"] in signed else "not asked for"
    expect_same(f"who approved the revision of {row['host']}", [row["approved by"], row["index"]], [meant, str(approved["index"]["revision"])])
expect_same("guards of what was signed", [one["name"] for one in approved["index"]["guards"]], [one["guard"] for one in verdicts])
expect_same(
    "reasons of guards of what was signed", [one.get("why", "") for one in approved["index"]["guards"]], [one.get("why", "") for one in verdicts])

# probe
kept = json.loads(max((work / "build/probes").iterdir()).read_text())
outcome = {row["what"]: row["how many, or when"] for row in table("probe", "Outcome")}
for what, key in (
    ("began (UTC)", "began"), ("ended (UTC)", "ended"), ("connections that are worth trying", "population"), ("tried", "tried"),
    ("open, as the policy says", "open"), ("denied, as the policy says", "denied"), ("otherwise than the policy says", "deviating"),
    ("not proven", "unproven"),
):
    expect_same(f"probe, {what}", outcome.get(what), str(kept[key]))
expect("the probe is told to be of another inventory", kept["inventory"] in outcome["inventory"])
expect_same(
    "denials that were seen", [list(row.values()) for row in table("probe", "What each host")],
    [[one["host"], one["direction"], str(one["proven"]), str(one["not_reached"]), str(one["not_proven"])] for one in kept["denials"]],
)

# diff --base
changed = read("diff.json")["meaning"]


def called(end):
    return f"{end['name']} ({len(end['hosts'])} hosts)" if len(end["hosts"]) > 1 else end["name"]


expect_same("what opened", [line["flow"] for line in changed["opened"]], ["shortcut"])
expect_same("what closed", changed["closed"], [])
expect_same(
    "lines of what changed", [list(row.values()) for row in table("change", "Between known hosts")],
    [
        [
            f"+ {called(line['from'])} → {called(line['to'])}  {line['service']} ({', '.join(line['terms'])})",
            f"{line['flow']}, {line['place'].rsplit(':', 1)[0]}",
        ]
        for line in changed["opened"]
    ],
)
ways = {row["what"].split(":")[0]: row["what"] for row in table("change", "An intruder's reach")}
for what, key, of in (
    ("~ pairs of hosts, one within reach of the other", "pairs", "930"),
    ("~ hosts from which a crown jewel is within reach", "endangering", "31"),
):
    before, after = (", ".join(str(count) for count in changed["reach"][side][key]) for side in ("old", "new"))
    expect_same(f"reach, {key}", ways.get(what), f"{what}: {before} of {of} → {after} of {of}")
expect_same(
    "findings that the change brings", [row["what"] for row in table("change", "Findings")],
    [f"! {one['message']}" for one in changed["findings"]],
)

# in short
figures = {row["what"]: row["how many"] for row in table("summary")}
for what, count in (
    ("managed hosts", len(status)), ("of which deny nothing in some direction", len(lines["unenforced"])),
    ("of which have ended", len(lines["ended"])), ("guards", len(verdicts)), ("of which do not hold", len(broken)),
    ("roles: hosts that the policy treats alike", len(rank)),
    ("hosts from which an intruder gets to one in 3 connections", sum(len(role["hosts"]) for role in rank if "nearest_crown" in role)),
):
    expect_same(f"in short, {what}", figures.get(what), str(count))

# What is claimed for hosts that enforce is not claimed for whoever has drifted or waits for a change.
claims = " ".join(report["zones"]["lead"])
for host in [host for host, row in states.items() if row["state"] != "as confirmed" or row["against the inventory"] != "as the inventory"]:
    group = host.rsplit("-", 1)[0]
    expect(f"{host} is among those of which nothing is claimed: {claims}", host in claims or group in claims)

for fault in faults:
    print(fault, file=sys.stderr)
print(f"figures: {compared} compared, {len(faults)} faults")
sys.exit(1 if faults or compared < 500 else 0)
