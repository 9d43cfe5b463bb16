import Foundation
import FuzzTargets
import Goldens
import Testing

/// What fuzzing found, and what it begins with, as ordinary tests.
@Suite struct CrasherTests {
  struct Input: CustomTestStringConvertible {
    let target: FuzzTarget
    let name: String
    let bytes: [UInt8]

    var testDescription: String { "\(target.rawValue)/\(name)" }

    /// `nil` for what is no file.
    init?(_ target: FuzzTarget, _ path: String) {
      guard let contents = FileManager.default.contents(atPath: path) else { return nil }
      self.target = target
      name = path.split(separator: "/").suffix(2).joined(separator: "/")
      bytes = [UInt8](contents)
    }
  }

  static let crashers: [Input] = FuzzTarget.allCases.flatMap { target in
    let directory = "\(Golden.root)/Tests/Fuzz/Crashers/\(target.rawValue)"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    return names.sorted().compactMap { Input(target, "\(directory)/\($0)") }
  }

  static let inventories: [Input] = ["reject", "lint", "diff"].flatMap { kind in
    Golden.names(kind).flatMap { name in
      Golden.names("\(kind)/\(name)").filter { $0.hasSuffix(".yaml") }.compactMap {
        Input(.inventory, "\(Golden.root)/Tests/Golden/\(kind)/\(name)/\($0)")
      }
    }
  }

  @Test(arguments: crashers)
  func `what was found once does no harm any more`(input: Input) {
    let faults = input.target.faults(in: input.bytes)
    #expect(faults.isEmpty)
  }

  @Test(arguments: inventories)
  func `inventories of other tests keep every promise`(input: Input) {
    let faults = input.target.faults(in: input.bytes)
    #expect(faults.isEmpty)
  }

  @Test(arguments: ["ipv4", "ipv6"])
  func `extensions of iptables keep every promise, whole, cut and of other revisions`(family: String) throws {
    let path = "\(Golden.root)/Tests/Golden/extensions/\(family).txt"
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map {
      $0.trimmingCharacters(in: .whitespaces)
    }
    #expect(lines.count > 100)
    let name = family == "ipv4" ? "ip" : "ip6"
    var rules: [String] = []
    for index in stride(from: 1, to: lines.count, by: 3) {
      let parts = lines[index].split(separator: " ", omittingEmptySubsequences: false)
      let (revision, digits) = (try #require(Int(parts[2])), parts[3])
      for (revision, digits) in [
        (revision, digits + ""), (revision, digits.dropLast(2) + ""), (revision, digits + "ff"),
        (revision + 1, digits + ""), (0, digits + ""),
      ] {
        rules.append(
          """
          {"rule":{"family":"\(name)","table":"t","chain":"c","expr":[{"xt":{"type":"\(parts[0])",\
          "name":"\(parts[1])","rev":\(revision),"info":"\(digits)"}},{"accept":null}]}}
          """)
      }
    }
    let json = """
      {"nftables":[{"table":{"family":"\(name)","name":"t"}},
      {"chain":{"family":"\(name)","table":"t","name":"c","type":"filter","hook":"input","prio":0}},
      \(rules.joined(separator: ",\n"))]}
      """
    let faults = FuzzTarget.ruleset.faults(in: Array(json.utf8))
    #expect(faults.isEmpty)
  }

  @Test(arguments: Golden.names("agent"))
  func `lines of the agent protocol keep every promise, whole, cut and damaged`(name: String) throws {
    let path = "\(Golden.root)/Tests/Golden/agent/\(name)"
    let bytes = [UInt8](try #require(FileManager.default.contents(atPath: path)))
    #expect(FuzzTarget.agent.faults(in: bytes).isEmpty)
    for place in bytes.indices {
      var damaged = bytes
      damaged[place] ^= 1
      #expect(FuzzTarget.agent.faults(in: Array(bytes[..<place])).isEmpty, "cut at \(place)")
      #expect(FuzzTarget.agent.faults(in: damaged).isEmpty, "damaged at \(place)")
    }
  }

  @Test(arguments: Golden.names("netlink"))
  func `batches of other tests keep every promise`(name: String) throws {
    let text = try String(contentsOfFile: "\(Golden.root)/Tests/Golden/netlink/\(name)", encoding: .utf8)
    let digits = text.split(separator: "\n").map { $0.prefix { $0 != "#" }.filter { $0 != " " } }.joined()
    let bytes = stride(from: 0, to: digits.count, by: 2).compactMap { offset in
      UInt8(digits.dropFirst(offset).prefix(2), radix: 16)
    }
    #expect(bytes.count * 2 == digits.count)
    for target in [FuzzTarget.netlink, .ruleset] {
      let faults = target.faults(in: bytes)
      #expect(faults.isEmpty)
    }
  }
}
