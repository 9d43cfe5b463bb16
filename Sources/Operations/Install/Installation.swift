internal import Addressing
internal import AgentProtocol
internal import Digest
internal import Fleet
package import Machine

/// This program and its units, as they are copied to hosts.
package struct Installation: Sendable {
  /// Where the program goes.
  package static let program = "/usr/local/bin/sekisho"

  /// As `uname -m` calls what the program runs on.
  private let machine: String
  private let files: [InstalledFile]

  /// - Throws: ``Machine/SystemFailure``.
  package init() throws(SystemFailure) {
    machine = try SystemName.current().machine
    let units = "/usr/local/lib/systemd/system"
    files = [
      // By its process: an upgrade may have taken the path away.
      InstalledFile(Self.program, try Files.read("/proc/self/exe"), isProgram: true),
      InstalledFile("\(units)/sekisho-boot.service", PackageResources.sekisho_boot_service),
      InstalledFile("\(units)/sekisho-watch.service", PackageResources.sekisho_watch_service),
    ]
  }

  /// Which files a host does not have as they are here.
  ///
  /// - Returns: their paths.
  /// - Throws: ``AgentProtocol/AgentFailure`` where it cannot be asked, or must not be given the program.
  package func lacking(_ target: Target, within limit: Duration) async throws -> [String] {
    let told = try await told(InstallScript.look(files.map(\.path)), by: target.transport(), within: limit)
    try target.identity.check(node: told["node"]?.first ?? "", addresses: Self.addresses(told))
    if let uid = told["uid"]?.first, uid != "0" {
      throw AgentFailure(
        .notPermitted, "what is started there is not root's but that of user \(uid)",
        remedy: "end the transport with sudo -n")
    }
    if let other = told["machine"]?.first, other != machine {
      throw AgentFailure(
        .failed, "its architecture is \(other), and this program is for \(machine)",
        remedy: "install from a machine like it")
    }
    if let owner = told["owner"]?.first {
      throw AgentFailure(
        .failed, "a package has the program there (\(owner))", remedy: "upgrade the package")
    }
    if let found = told["found"]?.first, !found.isEmpty, found != Self.program {
      throw AgentFailure(
        .failed, "\(found) is there, and would be started in the place of \(Self.program)",
        remedy: "remove it first")
    }
    let there = Set(told["file"] ?? [])
    return files.filter { !there.contains($0.line) }.map(\.path)
  }

  /// Those of the machine's interfaces, as /proc/net/fib_trie and /proc/net/if_inet6 have them.
  private static func addresses(_ told: [String: [String]]) -> [Address] {
    (told["ipv4"] ?? []).compactMap { try? Address(parsing: $0) }
      + (told["ipv6"] ?? []).compactMap { $0.utf8.count == 32 ? UInt128($0, radix: 16) : nil }
      .map { Address(.ipv6, $0) }
  }

  /// Writes files to a host, and asks what is there then.
  ///
  /// - Parameter paths: of those that it lacks.
  /// - Returns: the program that is started there by its name; `nil`: none.
  /// - Throws: ``AgentProtocol/AgentFailure``.
  package func copy(_ paths: [String], to target: Target, within limit: Duration) async throws -> String? {
    let transport = try target.transport()
    let lacking = files.filter { paths.contains($0.path) }
    for program in lacking where program.isProgram {
      let command = ["dd", "of=\(InstallScript.arrival(program))", "bs=65536", "status=none"]
      _ = try await RemoteCommand.run(command, input: program.bytes, by: transport, within: limit)
    }
    let script = InstallScript.place(lacking, showing: files.map(\.path))
    let told = try await told(script, by: transport, within: limit)
    let there = Set(told["file"] ?? [])
    if let other = files.first(where: { !there.contains($0.line) }) {
      throw AgentFailure(
        .unproven, "\(other.path) is not there as it was sent", remedy: "look who else writes there")
    }
    return told["found"]?.first.flatMap { $0.isEmpty ? nil : $0 }
  }

  /// What a script says, by the first word of its lines.
  private func told(
    _ script: [UInt8], by transport: AgentTransport, within limit: Duration
  ) async throws -> [String: [String]] {
    let lines = try await RemoteCommand.run(["sh", "-s"], input: script, by: transport, within: limit)
    var told: [String: [String]] = [:]
    for line in lines where line.hasPrefix(InstallScript.mark) {
      let words = line.dropFirst(InstallScript.mark.count)
      let key = words.prefix { $0 != " " }
      told[String(key), default: []].append(String(words.dropFirst(key.count + 1)))
    }
    if let failure = told["fail"]?.first { throw AgentFailure(.failed, failure) }
    guard told["end"] != nil else { throw AgentFailure(.unreachable, "the shell there broke off") }
    return told
  }
}

extension Target {
  /// - Throws: ``AgentProtocol/AgentFailure`` for this machine.
  fileprivate func transport() throws -> AgentTransport {
    guard case .through(let transport) = reach else {
      throw AgentFailure(.failed, "this machine is not reached by a transport")
    }
    return transport
  }
}

/// A file that is copied to hosts.
struct InstalledFile: Sendable {
  let path: String
  let bytes: [UInt8]
  let digest: String
  let isProgram: Bool

  init(_ path: String, _ bytes: [UInt8], isProgram: Bool = false) {
    self.path = path
    self.bytes = bytes
    self.isProgram = isProgram
    digest = SHA256.hex(bytes)
  }

  /// What a host says that has it.
  var line: String { "\(path) \(digest)" }

  var directory: String { path.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" } }
}
