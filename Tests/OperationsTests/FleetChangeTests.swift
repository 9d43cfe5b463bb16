import Addressing
import AgentProtocol
import ConnectionDiff
import Enforcement
import Fleet
import Foundation
import HostAgent
import Lint
import Machine
import MemoryKernel
import Netlink
import Nftables
import Operations
import Policy
import RulesetCompiler
import RulesetDiff
import RulesetShape
import Testing

/// What verbs do, on a kernel in memory: no ssh, no root, no console.
@Suite(.enabled(if: !ThisMachine.addresses.isEmpty, "a machine without addresses is no host"))
struct FleetChangeTests {
  private let directory = NSTemporaryDirectory() + "sekisho-operations-\(UUID().uuidString)"
  private let kernel = MemoryKernel()

  private static let ssh = "  care: {from: b, to: a, service: ssh, why: test}\n"
  private static let web = "  web: {from: b, to: a, service: https, why: test}\n"

  @Test func `a first apply is told, done once, and then there is nothing to do`() async throws {
    let targets = try targets(flows: Self.ssh)
    let first = try await FleetChange(of: targets, as: nil)
    #expect(first.found.hosts.map(\.isNew) == [true])
    #expect(first.found.lockout == nil && first.found.meaning == nil)
    let outcomes = await first.apply(nil, note: ChangeNote(why: nil, meaning: "a test"))
    #expect(try outcomes.map { try $0.ending.get().operations > 0 } == [true])
    #expect(kernel.tables.contains(targets.hosts[0].wanted))
    let again = try await FleetChange(of: targets, as: nil)
    #expect(again.running.changing.isEmpty && again.found.hosts.allSatisfy(\.isSame))
    #expect(await again.apply(nil, note: ChangeNote(why: nil, meaning: "a test")).isEmpty)
  }

  @Test func `a first apply is told with its findings and its risks, as a later one is`() async throws {
    let odd = "  odd: {from: net, to: a, service: [ssh, telnet], why: test}\n"
    let target = try targets(flows: odd)
    let first = try await FleetChange(of: target, as: nil).found
    #expect(first.meaning == nil)
    #expect(first.findings.map(\.kind.rawValue).contains("no-owner"))
    #expect(first.findings.map(\.kind.rawValue).contains("exposed"))
    let open = try await FleetChange(of: try targets(flows: Self.ssh), as: nil)
    _ = await open.apply(nil, note: ChangeNote(why: nil, meaning: "a test"))
    let later = try await FleetChange(of: target, as: nil).found
    #expect(later.risks.isEmpty && later.risksNotProven == nil)
    #expect(Set(first.risks) == Set(try #require(later.meaning?.diff.risks)))
    #expect(first.risks.map(\.kind).contains(.insecure))
    #expect(Set(later.findings).isSubset(of: first.findings))
  }

  @Test
  func `a host that nobody can log in to afterwards is named, with a first ruleset and with a later one`()
    async throws
  {
    let shut = try targets(flows: Self.web)
    #expect(try await FleetChange(of: shut, as: nil).found.lockout?.hosts == ["a"])
    let open = try await FleetChange(of: try targets(flows: Self.ssh + Self.web), as: nil)
    _ = await open.apply(nil, note: ChangeNote(why: nil, meaning: "a test"))
    let later = try await FleetChange(of: shut, as: nil)
    #expect(later.found.lockout?.sentence == "nobody can log in to a by ssh (tcp/22) any more")
    #expect(later.found.meaning?.diff.closed.map(\.flow) == ["care"])
    // What a lab's namespaces enforce keeps nobody out of them.
    #expect(
      try await FleetChange(of: try targets(flows: Self.web, isLab: true), as: nil).found.lockout == nil)
  }

  @Test func `what a host keeps for a time makes no line uncertain, and no login safe`() async throws {
    let both = "  care: {from: [b, net], to: a, service: ssh, why: test}\n"
    let open = try await FleetChange(of: try targets(flows: both), as: nil)
    _ = await open.apply(nil, note: ChangeNote(why: nil, meaning: "a test"))
    let table = try #require(kernel.table(.inet, .sekisho)).table
    let changes = try [both + Self.web, Self.ssh, Self.web].map { try targets(flows: $0) }
    var plain: [FoundDifference] = []
    for change in changes { plain.append(try await FleetChange(of: change, as: nil).found) }
    #expect(plain.map { $0.lockout == nil } == [true, true, false])
    let manager = KeptElement.cutOff(Address(.ipv4, 0x0a00_0002), milliseconds: 60_000)
    let door = KeptElement.opened(.input, [Address(.ipv4, 0x0a00_0003)], .tcp, 22, milliseconds: 60_000)
    kernel.commit(
      Change(family: .inet, table: .sekisho, operations: table.adding([manager, try #require(door)])))
    for (change, plain) in zip(changes, plain) {
      let found = try await FleetChange(of: change, as: nil).found
      let (told, meant) = (try #require(found.meaning?.diff), try #require(plain.meaning?.diff))
      #expect(told.opened == meant.opened && told.closed == meant.closed && told.isEmpty == meant.isEmpty)
      #expect(found.lockout == plain.lockout && found.lockoutNotProven == nil)
    }
  }

  @Test func `what was saved is applied as it was shown, or not at all`() async throws {
    let targets = try targets(flows: Self.ssh)
    let request = TargetRequest(isLocal: true, isLab: false, host: "a", from: nil, patience: .init())
    let saved = try await SavedPlan(
      of: await RunningHosts(asking: targets), options: request, inventory: nil)
    #expect(saved.targets(request).host == "a")
    await #expect(throws: PlanMoved.self) {
      _ = try await FleetChange(of: try self.targets(flows: Self.ssh + Self.web), as: saved)
    }
    let change = try await FleetChange(of: targets, as: saved)
    _ = await change.apply(nil, note: ChangeNote(why: nil, meaning: "a test"))
    await #expect(throws: PlanMoved.self) { _ = try await FleetChange(of: targets, as: saved) }
  }

  @Test func `a kernel that refuses is told with its parts, and nothing has happened`() async throws {
    let change = try await FleetChange(of: try targets(flows: Self.ssh), as: nil)
    kernel.fail(at: .init(call: kernel.calls, .before, .perm, isLasting: true))
    let outcome = try #require(
      await change.apply(nil, note: ChangeNote(why: nil, meaning: "a test")).first)
    let failure = #expect(throws: AgentFailure.self) { try outcome.ending.get() }
    #expect(failure?.happened == .nothing)
    #expect(kernel.tables.isEmpty)
  }

  /// One host, which is this machine, before a kernel in memory.
  private func targets(flows: String, isLab: Bool = false) throws -> Targets {
    try FileManager.default.createDirectory(
      atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    let text = """
      version: 1
      services: {ssh: tcp/22, https: tcp/443, telnet: tcp/23}
      networks: {net: {prefixes: [0.0.0.0/0, "::/0"], except: [managed]}}
      hosts:
        a: {addresses: [10.0.0.1]}
        b: {addresses: [10.0.0.2]}
      flows:
      \(flows)
      """
    let path = "\(directory)/\(UUID().uuidString).yaml"
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    let loaded = try LoadedPolicy(path)
    let policies = HostPolicies(loaded.policy)
    let wanted = RulesetCompiler(loaded.policy, policies).compile(policies[HostID(0)])
    let own = ThisMachine.addresses
    let identity = HostIdentity(
      host: "a", addresses: own, owners: Dictionary(uniqueKeysWithValues: own.map { ($0, "a") }))
    let (kernel, directory) = (kernel, directory)
    let target = Target(
      name: "a", wanted: wanted,
      reach: .here {
        AgentHere(
          HostHere(LocalHost(runtimeDirectory: directory, learning: .zero, kernel: kernel)) {
            () throws(DirectoryRefusal) in try StateDirectory(path: "\(directory)/state")
          }, version: toolVersion)
      }, identity: identity, patience: .init())
    return Targets(hosts: [target], all: ["a", "b"], inventory: loaded, isLab: isLab)
  }
}
