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
      ["reach", "office", "-i", "Tests/Golden/explain/left-alone.yaml"], 64,
      ["FROM: no flow names the network 'office'"]
    ),
    (["reach"], 64, ["say where the intruder is"]),
    (
      ["graph"], 0,
      [
        "digraph sekisho {", "subgraph cluster_", #"[label="db (3)"]"#, #"label="postgres""#,
        #"label="Who may ask whom: "#, #"[label="a crown jewel""#, #"[label="internet", shape=ellipse"#,
        #"label="connected (30)\nterminal\napi\nbastion-1\n"#,
      ]
    ),
    (
      ["graph", "--format", "mermaid"], 0,
      ["flowchart LR\n", "[[\"connected (30)<br>terminal<br>api<br>", "and 10 more\"]]", "class "]
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
    let mermaid = picture("mermaid")
    #expect(mermaid.output.contains("-->|\"+ web (tcp/80)\"| n"), "\(mermaid.output)")
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
