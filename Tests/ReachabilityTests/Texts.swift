import Diagnostics
import Inventory
import InventoryFiles
import Policy
import Reachability
import Testing

/// The policy of an inventory that is a text.
func policy(_ text: String) throws -> Policy {
  let loaded = Inventory.load([SourceFile(path: "inventory.yaml", bytes: Array(text.utf8))])
  return try #require(loaded.policy, "\(loaded.report.text(loaded.sources))")
}

/// The reference inventory with a file more.
func reference(and text: String = "") throws -> Policy {
  var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
  parts.removeLast(3)
  let files = try Inventory.load(parts.joined(separator: "/") + "/inventory").sources.files
  let loaded = Inventory.load(files + [SourceFile(path: "more.yaml", bytes: Array(text.utf8))])
  return try #require(loaded.policy, "\(loaded.report.text(loaded.sources))")
}

extension Policy {
  func name(_ position: Position) -> String {
    switch position {
    case .host(let host): self[host].name
    case .outside(_, let network): network ?? "elsewhere"
    }
  }

  /// `web-1 -web-to-api-> api-1`.
  func text(_ steps: [PathStep]) -> String {
    (steps.first.map { name($0.from) } ?? "")
      + steps.map { " -\($0.flows.map { self[$0].name }.joined(separator: "+"))-> \(name($0.to))" }.joined()
  }

  /// What is wrong with a guard, in short.
  func text(_ broken: BrokenGuard) -> String {
    let breach =
      switch broken.breach {
      case .path(let steps): text(steps)
      case .touched(let position, let flow): "\(name(position)) is touched by \(self[flow].name)"
      case .unenforced(let host, let direction):
        "\(self[host].name) \(self[host].modes[direction])s \(direction)"
      case .missing(let missing): "\(name(missing.from)) misses \(name(missing.to))"
      }
    let remedy =
      switch broken.remedy {
      case .remove(let removal): "remove " + removal.flows.map { self[$0].name }.joined(separator: ", ")
      case .enforce: "enforce"
      case .allow: "allow"
      }
    return "\(breach); \(remedy)"
  }
}
