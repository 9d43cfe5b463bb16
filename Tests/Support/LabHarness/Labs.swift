import Glibc
package import Lab
import Machine
package import Policy
package import Testing

/// How a lab is made: with the rights of root, or in an unprivileged user namespace.
package enum Rights: String, CaseIterable, Sendable, CustomTestStringConvertible {
  case root
  case userNamespace

  package var testDescription: String { rawValue }

  /// Those that this machine grants.
  package static let available = allCases.filter(\.isGranted)

  private var isGranted: Bool {
    let options = self == .root ? "--mount --net --pid --fork" : "--user --map-root-user --mount --net"
    return system("unshare \(options) true 2>/dev/null") == 0
  }
}

extension Trait where Self == ConditionTrait {
  /// Skips, and says why, where a lab cannot be made with all these rights.
  package static func needs(_ rights: Rights...) -> Self {
    let missing = rights.filter { !Rights.available.contains($0) }.map(\.rawValue)
    return .enabled(
      if: missing.isEmpty, "no namespaces on this machine by: \(missing.joined(separator: ", "))")
  }

  /// Skips, and says why, where no lab can be made at all.
  package static var needsNamespaces: Self {
    .enabled(if: !Rights.available.isEmpty, "no namespaces on this machine, neither by root nor by a user")
  }
}

/// The program of the tests that stands in for the product: keeper of labs, prober, listener.
package func supportProgram() throws -> String {
  let tests = try Lab.ownExecutable()
  guard let slash = tests.lastIndex(of: "/") else { return "lab-support" }
  return "\(tests[..<slash])/lab-support"
}

/// A directory of our own that is gone afterwards.
package func withTemporaryDirectory<Result>(_ body: (String) async throws -> Result) async throws -> Result {
  var template = Array("/tmp/sekisho-test-XXXXXX".utf8CString)
  guard mkdtemp(&template) != nil else { throw LabError(.refused, "no temporary directory") }
  let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  do {
    let result = try await body(path)
    _ = try await run(["/usr/bin/rm", "-rf", path])
    return result
  } catch {
    _ = try await run(["/usr/bin/rm", "-rf", path])
    throw error
  }
}

/// A lab that is gone when the body is done, or when this process dies.
package func withLab<Result>(
  _ policy: Policy, _ rights: Rights, _ body: (Lab) async throws -> Result
) async throws -> Result {
  try await withTemporaryDirectory { path in
    let lab = try Lab.up(
      policy, in: RuntimeDirectory(path: path), keeper: [supportProgram(), "keep"], tethered: true,
      userNamespace: rights == .userNamespace)
    let result = try await body(lab)
    try lab.down()
    return result
  }
}

extension Lab {
  /// Runs a command in a host.
  package func run(_ host: String, _ command: [String], input: String = "") async throws -> Finished {
    try await LabHarness.run(try execPrefix(host) + command, input: input)
  }

  /// Loads nft text in a host.
  package func load(_ host: String, _ ruleset: String) async throws {
    let finished = try await run(host, ["nft", "-f", "-"], input: ruleset)
    guard finished.status == 0 else { throw LabError(.refused, finished.output, object: host) }
  }

  /// Tries `tcp - 10.0.0.1 80` and the like from a host.
  package func probe(_ host: String, _ attempts: [String]) async throws -> [String] {
    let input = attempts.map { $0 + "\n" }.joined()
    return try await run(host, [supportProgram(), "probe"], input: input).lines
  }

  /// Listens in hosts while something is done.
  ///
  /// - Returns: what arrived, as lines, by host.
  package func whileListening(
    _ hosts: [String], _ arguments: [String], _ body: @Sendable () async throws -> Void
  ) async throws -> [String: [String]] {
    guard let host = hosts.first else {
      try await body()
      return [:]
    }
    let command = try execPrefix(host) + [supportProgram(), "listen"] + arguments
    var (finished, heard) = try await whileRunning(command, after: "listening") {
      try await whileListening(Array(hosts.dropFirst()), arguments, body)
    }
    heard[host] = finished.lines.filter { $0 != "listening" }
    return heard
  }
}
