import ChildProcess
import Foundation
import Goldens
import Testing

/// What `sekisho reach` and `sekisho graph` say of the reference inventory.
@Suite struct ReachCommandTests {
  static let answers: [(arguments: [String], status: Int32, words: [String])] = [
    (
      ["reach", "web-1"], 0,
      [
        "An intruder on web-1 gets to 14 of 30 other hosts (47 %) in 3 hops.",
        "No crown jewel is within his reach, however far he goes.", "1 hop, 8 hosts",
        "  db-1, db-2, db-3\n      web-1 → api-1 (web-to-api) → db-1 (api-to-db)",
      ]
    ),
    (
      ["reach", "worker & !worker-2"], 0,
      ["Crown jewels: signer-1 in 1 hop, signer-2 in 1 hop, keys-1 in 2 hops."]
    ),
    (
      ["reach", "internet", "--hops", "1"], 0,
      ["gets to 2 of 31 hosts", "internet → edge-1 (customers-to-edge)"]
    ),
    (
      ["reach", "bastion-1", "--to", "keys"], 0,
      [
        "bastion-1 gets to keys-1 in 3 hops\n  1. bastion-1 → worker-1\n       flow bastion-to-servers (inventory/flows/operations.yaml:49: Sessions on servers are recorded by the bastion): ssh"
      ]
    ),
    (
      ["reach", "--to", "keys", "--hops", "2"], 0,
      [
        "keys is within reach of ", "1 hop, ", "2 hops, ",
        "worker-1 → signer-1 (worker-to-signer) → keys-1 (",
      ]
    ),
    (["reach", "--to", "cold"], 0, ["cold is within reach of 0 of "]),
    (
      ["reach", "--to", "edge-1", "--hops", "1"], 0,
      ["internet in 1 hop: internet → edge-1 (customers-to-edge)"]
    ),
    (["reach", "--to", "keys", "--json"], 0, [#""origins" : ["#, #""to" : "keys""#]),
    (
      ["reach", "bastion-1", "--to", "keys", "--hops", "2"], 0,
      ["Nothing leads from bastion-1 to keys in 2 hops."]
    ),
    (["reach", "bastion-1", "--to", "keys", "--hops", "3"], 0, ["bastion-1 gets to keys-1 in 3 hops"]),
    (["list", "--from", "nobody"], 64, ["--from: no host, group or zone is called 'nobody'"]),
    (["graph", "--to", "nobody"], 64, ["--to: no host, group or zone is called 'nobody'"]),
    (["reach", "web", "--to", "cold"], 0, ["Nothing leads from web to cold."]),
    (
      ["reach", "app", "--to", "keys", "--cut"], 0,
      [
        "1 flow removed separate keys from app; no fewer do:\n  worker-to-signer (inventory/flows/platform.yaml:33: "
      ]
    ),
    (["reach", "web", "--to", "cold", "--cut", "--json"], 0, [#""cut" : "separate""#]),
    (["reach", "--rank"], 0, ["  admin-1 and 1 alike: 27 hosts (90 %), a crown jewel in 3 hops"]),
    (["reach", "--rank", "--json"], 0, [#""fewer_endangering" : 6"#, #""nearest_crown" : 2"#]),
    (["reach", "web-1", "--json"], 0, [#""format_version" : 1"#, #""hops" : 3"#, #""host" : "egress-1""#]),
    (["reach", "nobody"], 64, ["FROM: no host, group or zone is called 'nobody'"]),
    (["reach", "app", "--to", "web-1", "--cut"], 64, ["'app' and 'web-1' have hosts in common"]),
    (
      ["reach", "office", "-i", "Tests/Golden/explain/left-alone.yaml"], 0,
      ["An intruder on office gets to 2 of 2 hosts", "office → a-1 (nothing denies it)"]
    ),
    (
      ["reach", "198.51.100.0/24"], 0,
      [
        "Of that, from office within 198.51.100.0/24, he gets to 27 of them.",
        "Of that, from internet within 198.51.100.0/24, he gets to 14 of them.",
        "office within 198.51.100.0/24 → monitor-1 (office-to-dashboards)",
      ]
    ),
    (
      ["reach", "--to", "198.51.100.0/24"], 0,
      ["Not all of 198.51.100.0/24 is treated alike: office within 198.51.100.0/24, internet within"]
    ),
    (["reach", "198.51.100.0/29"], 0, ["198.51.100.0/29 → monitor-1 (office-to-dashboards)"]),
    (["reach", "203.0.113.9", "--to", "vault"], 0, ["Nothing leads from 203.0.113.9 to vault."]),
    (
      ["reach", "10.20.2.11", "--hops", "1"], 0,
      ["gets to 8 of 30 other hosts", "1 host with an address there is part of it: web-1."]
    ),
    (
      ["reach", "10.0.0.0/24", "-i", "Tests/Golden/explain/crown.yaml"], 0,
      [
        "An intruder on 10.0.0.0/24 gets to 2 of 3 hosts (67 %) in 3 hops.",
        "2 hosts with an address there are part of it: db, x.",
        "Of that, from office within 10.0.0.0/24, he gets to 2 of them.", "Crown jewels: db in 1 hop.",
        "  db, h2\n      office within 10.0.0.0/24 → db (f)",
      ]
    ),
    (
      ["reach", "10.0.0.0/24", "-i", "Tests/Golden/explain/crown.yaml", "--json"], 0,
      ["\"crowns\" : [\n    {\n      \"hops\" : 1,\n      \"name\" : \"db\"", #""host" : "db""#]
    ),
    (
      ["reach", "10.0.0.2", "-i", "Tests/Golden/explain/crown.yaml"], 0,
      ["gets to 0 of 2 other hosts", "No other crown jewel is within his reach"]
    ),
    (
      ["reach", "worker, signer"], 0,
      ["other hosts", "Crown jewels: keys-1 in 1 hop, signer-1 in 1 hop, signer-2 in 1 hop."]
    ),
    (["reach", "10.0.0.1/8"], 64, ["FROM: '10.0.0.1/8' is no name, prefix or address; write 10.0.0.0/8"]),
    (["reach", "2001:db8::/129"], 64, ["write an address, a prefix such as 192.0.2.0/24"]),
    (["list", "--from", "198.51.100.3"], 0, ["office-to-dashboards"]),
    (["list", "--to", "10.20.2.11"], 0, ["edge-to-web"]),
    (
      ["check", "--guards"], 0,
      [
        "shown by: the nearest way has 2 hops: internet → edge-1 (customers-to-edge) → dns-1 (all-to-dns)",
        "shown by: no way leads there, over however many hops",
        "shown by: 1 flow leads there: signer-to-keys",
        "shown by: none of 24 flows has it as an end", "shown by: nothing lets it pass",
      ]
    ),
    (["reach"], 64, ["say where the intruder is"]),
    (
      ["graph"], 0,
      [
        "digraph sekisho {", "subgraph cluster_", #"[label="db (3)"]"#, #"label="postgres""#,
        #"label="Who may ask whom: "#, #"[label="a crown jewel""#, #"[label="internet", shape=ellipse"#,
        #"label="operated & !bastion (24)"#,
        #"label="connected (30)\nterminal\napi\nbastion-1\n"#,
      ]
    ),
    (
      ["graph", "--format", "mermaid"], 0,
      [
        "flowchart LR\n", "title: \"Who may ask whom", "([\"internet\"])", "([\"outside the inventory\"])",
        "[[\"connected (30)<br>terminal<br>api<br>", "and 10 more\"]]", "class ",
      ]
    ),
    (["graph", "--to", "nobody"], 64, ["no host, group or zone is called 'nobody'"]),
    (["graph", "--by", "zone", "--json"], 0, [#""kind" : "network""#]),
  ]

  @Test(arguments: answers)
  func `the reference inventory is answered about`(arguments: [String], status: Int32, words: [String]) {
    let told = Self.run(arguments)
    #expect(told.status == status, "\(told.output)")
    for word in words { #expect(told.output.contains(word), "\(told.output)") }
  }

  @Test func `a picture of some has their flows and boxes alone`() {
    let told = Self.run(["graph", "--from", "internet, worker", "--to", "vault, edge", "--no-legend"])
    #expect(told.status == 0, "\(told.output)")
    let labels = told.output.split(separator: "\n").filter { $0.contains("[label=") }
      .compactMap { $0.split(separator: "\"").dropFirst().first }
    #expect(
      Set(labels) == [
        "worker (2)", "signer (2)", "egress-1", "reverse-proxy (2)", "internet", "signing", "proxy",
        "http, https, ping",
      ], "\(told.output)")
  }

  @Test func `a change is drawn by what it opens and closes`() throws {
    let directory = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    for (name, flow) in [("old", "from: a, to: b, service: web"), ("new", "from: a, to: c, service: web")] {
      let text = """
        version: 1
        services: {web: tcp/80}
        hosts: {a: {addresses: [10.0.0.1]}, b: {addresses: [10.0.0.2]}, c: {addresses: [10.0.0.3]}}
        flows: {f: {\(flow), why: test}}
        """
      try text.write(to: directory.appending(path: "\(name).yaml"), atomically: true, encoding: .utf8)
    }
    func picture(_ format: String) -> (status: Int32, output: String) {
      ChildProcess.run(
        [
          "env", "--chdir=\(directory.path)", "\(ChildProcess.products)/sekisho", "diff", "old.yaml",
          "new.yaml",
          "--format", format, "-q",
        ])
    }
    let dot = picture("dot")
    #expect(dot.status == 2)
    #expect(dot.output.contains(##"[label="+ web (tcp/80)", color="#1a7f37""##), "\(dot.output)")
    #expect(dot.output.contains(##"[label="- web (tcp/80)", color="#cf222e""##), "\(dot.output)")
    #expect(!dot.output.contains("Between known hosts"))
    #expect(dot.output.contains("[label=\"+ opens\"") && dot.output.contains("[label=\"- closes\""))
    let mermaid = picture("mermaid")
    #expect(mermaid.output.contains("-->|\"+ web (tcp/80)\"| n"), "\(mermaid.output)")
    #expect(mermaid.output.contains("[\"- closes\"]") && !mermaid.output.contains("outside the inventory"))
  }

  @Test func `without Graphviz a picture names the package`() {
    let told = Self.run(["graph", "--format", "svg"], path: "/nowhere")
    #expect(told.status == 1)
    #expect(told.output.contains("apt install graphviz"))
  }

  @Test(
    .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/dot"), "graphviz is not installed"))
  func `Graphviz draws the picture`() {
    let told = Self.run(["graph", "--format", "svg"])
    #expect(told.status == 0)
    #expect(told.output.contains("</svg>"))
  }

  private static func run(_ arguments: [String], path: String? = nil) -> (status: Int32, output: String) {
    let environment = path.map { ["PATH=\($0)"] } ?? []
    return ChildProcess.run(
      ["/usr/bin/env", "--chdir=\(Golden.root)"] + environment + ["\(ChildProcess.products)/sekisho"]
        + arguments)
  }
}
