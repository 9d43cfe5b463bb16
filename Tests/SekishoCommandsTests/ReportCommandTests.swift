import ChildProcess
import Foundation
import Goldens
import Testing

/// The report as a file: who may read it, and which probe it tells of.
@Suite struct ReportCommandTests {
  private static func place() throws -> String {
    let path = NSTemporaryDirectory() + "sekisho-report-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
  }

  private static func report(_ place: String, _ arguments: [String]) -> (status: Int32, output: String) {
    ChildProcess.run(
      [
        "env", "--chdir=\(place)", "\(ChildProcess.products)/sekisho", "report", "-i",
        "\(Golden.root)/inventory",
      ]
        + arguments)
  }

  @Test func `a report is for its owner alone`() throws {
    let place = try Self.place()
    defer { try? FileManager.default.removeItem(atPath: place) }
    let told = Self.report(place, ["--out", "r.html"])
    #expect(told.status == 0, "\(told.output)")
    let attributes = try FileManager.default.attributesOfItem(atPath: "\(place)/r.html")
    #expect(attributes[.posixPermissions] as? Int == 0o600)
  }

  private static func outcome(lab: Bool, inventory: String, tried: Int) -> String {
    """
    {"format_version": 1, "began": "2026-01-01T00:00:00Z", "ended": "2026-01-01T00:00:09Z", "inventory": "\(inventory)",
     "seed": 1, "tried": \(tried), "population": 9, "open": 1, "denied": 3, "deviating": 1, "unproven": 0,
     "connections": [{"from_host": "web-1", "to_host": "db-1", "from": "10.0.0.1", "to": "10.0.0.2", "protocol": "tcp", "port": 5432, "outcome": "open",
       "verdict": "denied", "agrees": false, "deviations": [{"kind": "lets", "sentence": "db-1 lets it in"}]}],
     "denials": [{"host": "db-1", "direction": "ingress", "proven": 3, "not_reached": 2, "not_proven": 1}],
     "missing_hosts": [{"host": "api-2", "reason": "it is down"}], "untried_flows": ["vrrp"],
     "trace": {"lab": \(lab), "since": 1, "until": 2, "records": []}}
    """
  }

  @Test func `the newest probe that is kept of these hosts is told, and for which inventory it ran`() throws {
    let place = try Self.place()
    defer { try? FileManager.default.removeItem(atPath: place) }
    let without = Self.report(place, ["--format", "csv"])
    #expect(without.output.contains("no outcome of sekisho probe is kept in build/probes"))
    try FileManager.default.createDirectory(
      atPath: "\(place)/build/probes", withIntermediateDirectories: true)
    for (name, text) in [
      ("2026-01-01T000000Z", Self.outcome(lab: false, inventory: "old", tried: 4)),
      ("2026-01-02T000000Z", Self.outcome(lab: false, inventory: "other", tried: 5)),
      // Of a lab, whose hosts are not these; and what is no outcome.
      ("2026-01-03T000000Z", Self.outcome(lab: true, inventory: "lab", tried: 6)),
      ("2026-01-04T000000Z", "{}"),
    ] {
      try text.write(toFile: "\(place)/build/probes/\(name).json", atomically: true, encoding: .utf8)
    }
    let told = Self.report(place, ["--format", "csv"])
    for line in [
      "probe,Outcome,5,\"how many, or when\",5", "probe,Outcome,3,\"how many, or when\",another: other",
      "probe,\"Otherwise than the policy says, or not proven\",1,what is known,db-1 lets it in",
      "probe,What each host was seen to deny,1,no packet came,2",
      "packets from and to api-2", "packets of the flows vrrp",
    ] {
      #expect(told.output.contains(line), "\(line)")
    }
    #expect(!told.output.contains("no outcome of sekisho probe"))
  }
}
