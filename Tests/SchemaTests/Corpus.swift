import Addressing
import Foundation
import Goldens
import InventoryText

/// Every inventory that the project contains and shows.
enum Corpus {
  struct Text: Sendable {
    let name: String
    let text: String
  }

  /// Files of YAML and JSON below a directory of the repository, in the order of their names.
  static func files(_ directory: String) -> [Text] {
    let root = "\(Golden.root)/\(directory)"
    let names = ((try? FileManager.default.subpathsOfDirectory(atPath: root)) ?? []).sorted()
    return names.filter { $0.hasSuffix(".yaml") || $0.hasSuffix(".yml") || $0.hasSuffix(".json") }.compactMap
    { name in
      guard let bytes = FileManager.default.contents(atPath: "\(root)/\(name)") else { return nil }
      return String(validating: bytes, as: UTF8.self).map { text in
        Text(name: "\(directory)/\(name)", text: text)
      }
    }
  }

  /// What is read without a mistake.
  static func accepted() throws -> [Text] {
    let goldens = Golden.names("").filter { $0 != "reject" }
    let kinds = goldens.flatMap { kind in
      files("Tests/Golden/\(kind)").filter { $0.name.hasSuffix(".yaml") }
    }
    return try files("inventory") + files("examples") + kinds + files("Tests/Boot") + written() + shown()
  }

  // MARK: What the program writes

  private static func written() throws -> [Text] {
    let machines = try [
      ("web-1", ["192.0.2.1", "2001:db8::1"], [String](), String?.none, "ann", false),
      ("1e3", ["2001:10:20:30:40:50:1:2"], ["2001:db8::53"], "2001:db8::7", "no", true),
      ("no", ["10.0.0.1", "10.0.0.2"], ["10.0.0.53", "9.9.9.9"], "203.0.113.7", "0123", true),
    ].map { node, addresses, resolvers, login, user, isRich in
      FirstInventory(
        FirstInventory.Machine(
          node: node, addresses: try addresses.map { try Address(parsing: $0) }, hasLeases: isRich,
          hasContainers: isRich, resolvers: try resolvers.map { try Address(parsing: $0) },
          login: try login.map { try Address(parsing: $0) }, user: user))
    }
    var proposal = InventoryPart()
    proposal.header = ["What was seen: 10.20.3.[1..2]"]
    proposal.networks = ["office": ["203.0.113.0/24", "::/0"], "1e3": ["2001:db8::/32"]]
    proposal.services = ["no": ["tcp/22", "icmp/echo-request"], "0x1f": ["udp/53"]]
    proposal.flows = [
      InventoryPart.Flow(
        name: "on", from: ["1e3", "office"], to: ["y"], services: ["no"], why: "Somebody logs in",
        remarks: ["seen: 12 times"])
    ]
    return machines.flatMap { machine in
      machine.files.map { Text(name: "init, \(machine.host): \($0.name)", text: $0.text) }
    } + [Text(name: "suggest", text: proposal.text)]
  }

  // MARK: What pages show

  /// Pages of the project, those of examples and of targets included.
  private static func pages() -> [String] {
    let files = FileManager.default
    let below = ["docs", "examples", "inventory", "packaging", "Sources"].flatMap { directory in
      ((try? files.subpathsOfDirectory(atPath: "\(Golden.root)/\(directory)")) ?? []).map {
        "\(directory)/\($0)"
      }
    }
    let top = (try? files.contentsOfDirectory(atPath: Golden.root)) ?? []
    return (top + below).filter { $0.hasSuffix(".md") }.sorted()
  }

  /// Blocks of YAML, and files that commands write. What begins with an indentation is the inside of `hosts`.
  private static func shown() throws -> [Text] {
    try pages().flatMap { page -> [Text] in
      let lines = try String(contentsOfFile: "\(Golden.root)/\(page)", encoding: .utf8)
        .split(separator: "\n", omittingEmptySubsequences: false)
      var found: [Text] = []
      var (block, end): ([Substring], Substring?) = ([], nil)
      for (number, line) in lines.enumerated() {
        if let mark = end {
          guard line == mark else {
            block.append(line)
            continue
          }
          let text = (block.first?.hasPrefix(" ") == true ? "hosts:\n" : "") + block.joined(separator: "\n")
          found.append(Text(name: "\(page):\(number - block.count)", text: text))
          (block, end) = ([], nil)
        } else if line.hasPrefix("```yaml") {
          end = "```"
        } else if let file = line.firstMatch(of: #/\.ya?ml <<'(\w+)'$/#) {
          end = file.1
        }
      }
      return found.filter { !isOfOthers($0.text) }
    }
  }

  /// The steps of a workflow are YAML of another language.
  private static func isOfOthers(_ text: String) -> Bool { text.hasPrefix("- uses: ") }
}
