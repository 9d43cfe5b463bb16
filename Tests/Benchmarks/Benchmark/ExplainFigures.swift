import Addressing
import Foundation
import Inventory
import InventoryFiles
import Policy

/// What it costs to answer many questions in one run.
struct ExplainFigures {
  let sekisho: String
  /// This program.
  let program: String
  let place: String
  private static let runs = 5
  private static let questions = 100_000

  func show() throws {
    section("explain --batch with \(text(Double(Self.questions))) questions (best of \(Self.runs))")
    for hosts in [1000, 10_000] {
      let inventory = "\(place)/fleet-\(hosts)"
      let file = "\(place)/questions-\(hosts)"
      require([program, "questions", inventory], output: file)
      let answers = "\(place)/answers"
      let usages = (0..<Self.runs).map { _ in
        waitForQuiet()
        return require([sekisho, "explain", "--batch", file, "-i", inventory], output: answers)
      }
      let lines = try String(contentsOfFile: answers, encoding: .utf8).split(separator: "\n")
      let allowed = lines.filter { $0.contains("\"verdict\":\"allowed\"") }.count
      guard lines.count == Self.questions else { fail("\(lines.count) answers") }
      Figure(
        "\(text(Double(hosts))) hosts, \(text(Double(allowed))) allowed", usages.map(\.seconds).min() ?? 0,
        "s", .atMost(1)
      )
      .show()
      Figure("  processor time of all cores", usages.map(\.processor).min() ?? 0, "s").show()
    }
  }

  /// Writes questions about a fleet: half about a flow, half about any two hosts.
  static func ask(_ inventory: String) throws {
    guard let policy = try Inventory.load(inventory).policy else { fail("\(inventory) is not valid") }
    var state: UInt64 = 7
    func below(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    let ports = [22, 443, 5432, 6379, 7000, 9200]
    var out = ""
    for number in 0..<questions {
      let flow = policy.flows[below(policy.flows.count)]
      let (from, to) = (policy[flow.parts[0].from].hosts, policy[flow.parts[0].to].hosts)
      let isFlow = number.isMultiple(of: 2) && !from.isEmpty && !to.isEmpty
      let source = isFlow ? policy[from[below(from.count)]] : policy.hosts[below(policy.hosts.count)]
      let destination = isFlow ? policy[to[below(to.count)]] : policy.hosts[below(policy.hosts.count)]
      var (ipProtocol, port) = ("tcp", ports[below(ports.count)])
      let term = policy[flow.services[0]].terms[0]
      if isFlow, case .ports(let set) = term.match {
        (ipProtocol, port) = ("\(term.ipProtocol)", Int(set.ranges[0].lowerBound))
      }
      out +=
        "{\"from\": \"\(source.name)\", \"to\": \"\(destination.addresses[number / 2 % destination.addresses.count])\", "
        + "\"protocol\": \"\(ipProtocol)\", \"port\": \(port)}\n"
    }
    FileHandle.standardOutput.write(Data(out.utf8))
  }
}
