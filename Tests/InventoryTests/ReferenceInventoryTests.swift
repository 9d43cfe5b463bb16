import Diagnostics
import Inventory
import InventoryFiles
import Policy
import Testing

@Suite struct ReferenceInventoryTests {
  @Test func `the reference inventory loads without a word`() throws {
    let loaded = try Inventory.load("\(Repository.root)/inventory")
    #expect(loaded.report.text(loaded.sources) == "")
    let policy = try #require(loaded.policy)
    #expect(policy.hosts.count == 31)
  }

  @Test(arguments: ["two-tier-web", "dual-stack-database", "gateway", "observe", "time-limited"])
  func `an example loads without a word`(name: String) throws {
    let loaded = try Inventory.load("\(Repository.root)/examples/\(name)")
    #expect(loaded.report.text(loaded.sources) == "")
    #expect(loaded.policy != nil)
  }
}

@Suite struct OrderTests {
  /// The same policy without the places that its parts stand at.
  private func unplaced(_ policy: Policy) -> Policy {
    let nowhere = Diagnostics.SourceLocation(file: "", line: 0, column: 0)
    return Policy(
      hosts: policy.hosts.map {
        Host(
          name: $0.name, addresses: $0.addresses, zone: $0.zone, groups: $0.groups, modes: $0.modes,
          deny: $0.deny, forwarding: $0.forwarding, dhcp: $0.dhcp, crown: $0.crown, ssh: $0.ssh,
          location: nowhere)
      }, peers: policy.peers,
      services: policy.services.map {
        Service(name: $0.name, terms: $0.terms, multicast: $0.multicast, location: nowhere)
      },
      flows: policy.flows.map {
        Flow(
          name: $0.name, parts: $0.parts, written: $0.written, per: $0.per, services: $0.services,
          why: $0.why, owner: $0.owner,
          ticket: $0.ticket, until: $0.until, location: nowhere)
      },
      guards: policy.guards.map {
        Guard(name: $0.name, statement: $0.statement, why: $0.why, location: nowhere)
      },
      zones: policy.zones.map {
        Zone(name: $0.name, description: $0.description, crown: $0.crown, location: nowhere)
      })
  }

  @Test func `the order of files and entries changes nothing`() throws {
    let loaded = try Inventory.load("\(Repository.root)/inventory")
    let expected = unplaced(try #require(loaded.policy))
    // Other names turn the order of the files round.
    let files = loaded.sources.files
    let renamed = files.enumerated().map {
      SourceFile(path: "\(99 - $0.offset).yaml", bytes: $0.element.bytes)
    }
    let reversed = Inventory.load(renamed)
    #expect(unplaced(try #require(reversed.policy)) == expected)
    // Sections, and entries within them, the other way round.
    let turned = files.map { SourceFile(path: $0.path, bytes: Self.reversed($0.bytes)) }
    let other = Inventory.load(turned)
    #expect(unplaced(try #require(other.policy, "\(other.report.text(other.sources))")) == expected)
    #expect(turned.map(\.bytes) != files.map(\.bytes))
  }

  /// The blocks of a file, at the outermost and the next level, in reverse order.
  private static func reversed(_ bytes: [UInt8]) -> [UInt8] {
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").filter { !$0.isComment }
    return Array(blocks(lines, indent: 0).reversed().joined(separator: "\n").utf8) + [0x0a]
  }

  private static func blocks(_ lines: [Substring], indent: Int) -> [String] {
    var result: [[Substring]] = []
    for line in lines {
      if line.prefix(indent + 1).last == " ", !result.isEmpty {
        result[result.count - 1].append(line)
      } else {
        result.append([line])
      }
    }
    return result.map { block in
      guard indent == 0 else { return block.joined(separator: "\n") }
      return ([String(block[0])] + blocks(Array(block.dropFirst()), indent: 2).reversed()).joined(
        separator: "\n")
    }
  }
}

extension Substring {
  fileprivate var isComment: Bool { drop { $0 == " " }.first == "#" }
}
