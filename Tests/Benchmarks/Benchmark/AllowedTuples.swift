import Addressing
import Foundation
import Inventory
import InventoryFiles
import Policy

/// How many (source host, destination host, protocol, port) an inventory allows, counted one by one.
struct AllowedTuples {
  let count: Int
  let rulesets: Int

  /// Counts in a child: the kernel tells a program's peak memory no lower than that of whoever started it.
  init(countedByChildOf program: String, _ inventory: String, place: String) throws {
    require([program, "tuples", inventory], output: "\(place)/tuples")
    let numbers = try String(contentsOfFile: "\(place)/tuples", encoding: .utf8).split(separator: " ")
      .compactMap { Int($0.filter(\.isNumber)) }
    guard numbers.count == 2 else { fail("no number of tuples") }
    (count, rulesets) = (numbers[0], numbers[1])
  }

  init(_ path: String) throws {
    guard let policy = try Inventory.load(path).policy else { fail("\(path) is not a valid inventory") }
    var wanted = [[UInt64]](repeating: [], count: policy.hosts.count)
    for flow in policy.flows {
      let ports = flow.services.flatMap { policy[$0].terms }.flatMap(Self.ports)
      for part in flow.parts {
        for destination in policy[part.to].hosts {
          for source in policy[part.from].hosts where source != destination {
            for port in ports { wanted[destination.index].append(UInt64(source.index) << 32 | port) }
          }
        }
      }
    }
    count = wanted.reduce(0) { $0 + Set($1).count }
    rulesets = HostPolicies(policy).distinct.count
  }

  /// Protocol and port, or type.
  private static func ports(_ term: ServiceTerm) -> [UInt64] {
    let numbers: [UInt64] =
      switch term.match {
      case .any: [0]
      case .ports(let set): set.ranges.flatMap { $0.map { UInt64($0) } }
      case .types(let set): set.ranges.flatMap { $0.map { UInt64($0) } }
      }
    return numbers.map { UInt64(term.ipProtocol.rawValue) << 16 | $0 }
  }
}
