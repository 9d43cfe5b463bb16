import AgentProtocol
import Enforcement
import Foundation
import HostLife
import HostState
import HostStore
import Machine
import MemoryKernel
import Netlink
import Nftables
import RulesetShape
import Signing
import Synchronization
import SystemPackage

/// A host with a kernel and a disk that fail where they are told to.
final class Place {
  let kernel = MemoryKernel()
  let directory: StateDirectory
  private let path: String
  private let disk = Disk()
  /// Seconds since 1970, and since the boot.
  var now: Int64 = 1_700_000_000
  var sinceBoot: Int64 = 1000
  /// How many processes were started that wait for the end of a stop.
  private(set) var keepers = 0
  /// What people were told.
  private(set) var told: [Announcement] = []

  init() throws {
    path = FileManager.default.temporaryDirectory.appending(path: "sekisho-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(
      atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    directory = try StateDirectory(path: "\(path)/state")
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Where everything goes wrong.
  enum Fault: Hashable {
    case kernel(MemoryKernel.Fault)
    /// The nth step on disk fails, alone or with all that follow.
    case disk(Int, Errno, isLasting: Bool)
    /// The process is gone from the nth call to the kernel on, or the nth step on disk.
    case killedAtKernel(Int, MemoryKernel.Fault.Place)
    case killedAtDisk(Int)

    var isDeath: Bool {
      switch self {
      case .killedAtKernel, .killedAtDisk: true
      case .kernel, .disk: false
      }
    }

    /// Whether it does not go by again.
    var isLasting: Bool {
      switch self {
      case .kernel(let fault): fault.isLasting
      case .disk(_, _, let isLasting): isLasting
      case .killedAtKernel, .killedAtDisk: true
      }
    }
  }

  func fail(at fault: Fault?) {
    kernel.fail(at: nil)
    disk.state.withLock { $0 = Disk.State() }
    switch fault {
    case nil: break
    case .kernel(let fault): kernel.fail(at: fault)
    case .disk(let step, let errno, let isLasting):
      disk.state.withLock { $0 = Disk.State(failing: step, errno: errno, isLasting: isLasting) }
    case .killedAtKernel(let call, let place):
      kernel.fail(at: .init(call: call, place, .noMemory, isLasting: true))
      let kernel = kernel
      // What is dead does not write either.
      disk.state.withLock { $0 = Disk.State(isDead: { kernel.calls > call }) }
    case .killedAtDisk(let step):
      disk.state.withLock { $0 = Disk.State(failing: step, errno: .ioError, isLasting: true) }
      let disk = disk
      kernel.isDead { disk.state.withLock { $0.taken > step } }
    }
  }

  /// Calls to the kernel and steps on disk since the last ``fail(at:)``.
  var taken: (kernel: Int, disk: Int) { (kernel.calls, disk.state.withLock { $0.taken }) }

  /// What can go wrong at each of some calls and steps: refused once, or the process is gone.
  static func faults(within taken: (kernel: Int, disk: Int)) -> [Fault] {
    let calls = (0..<taken.kernel).flatMap { call in
      MemoryKernel.Fault.Place.allCases.flatMap { place -> [Fault] in
        [.kernel(.init(call: call, place, .noMemory)), .killedAtKernel(call, place)]
      }
    }
    return calls
      + (0..<taken.disk).flatMap { step -> [Fault] in
        [.disk(step, .noSpace, isLasting: false), .killedAtDisk(step)]
      }
  }

  private final class Disk: Sendable {
    struct State {
      var taken = 0
      var failing: Int?
      var errno = Errno.ioError
      var isLasting = false
      var isDead: @Sendable () -> Bool = { false }
    }

    let state = Mutex(State())

    func step() throws(Errno) {
      let errno = state.withLock { state -> Errno? in
        defer { state.taken += 1 }
        if state.isDead() { return .ioError }
        guard let failing = state.failing else { return nil }
        return (state.isLasting ? state.taken >= failing : state.taken == failing) ? state.errno : nil
      }
      if let errno { throw errno }
    }
  }

  /// A process that does something for the host.
  var life: HostLife {
    let (disk, now, sinceBoot) = (disk, now, sinceBoot)
    let store = HostStore(directory) { (_, _) throws(Errno) in try disk.step() }
    return HostLife(
      host, store,
      by: Actor(user: "root", invokedBy: "ada"), trust: TrustedSigners(path: "\(path)/config"),
      clock: { now },
      sinceBoot: { sinceBoot }, people: { self.told.append($0) }, keeper: { self.keepers += 1 })
  }

  /// Puts back what was confirmed first, as whoever watches has read it.
  func restore(_ confirmed: ConfirmedRuleset, because reason: String) throws(AgentFailure)
    -> HostLife.Restored
  {
    let about: Revision
    do throws(HostStore.Failure) {
      about = try HostStore(directory).about(RevisionNumber(rawValue: confirmed.revision))
    } catch {
      throw AgentFailure(.failed, "\(error)")
    }
    return try life.restore(HostLife.KnownRevision(about: about, ruleset: confirmed), because: reason)
  }

  var host: LocalHost { LocalHost(runtimeDirectory: path, learning: .zero, kernel: kernel) }

  /// What the disk says, without a fault.
  var content: HostStore.Content { get throws { try HostStore(directory).load() } }

  /// Makes a file of the state directory unreadable.
  func damage(_ name: String) throws {
    try Data("nothing".utf8).write(to: URL(fileURLWithPath: "\(path)/state/\(name)"))
  }

  /// Whose rules judge new connections.
  var judge: Table? {
    guard let table = kernel.table(.inet, .sekisho)?.table else { return nil }
    return table.isBareBeneathTrial && !isArmed ? nil : table
  }

  var isArmed: Bool {
    (kernel.table(.inet, .sekisho)?.table.set(TrialName.clock)?.elements.count ?? 0) > 0
  }

  /// Rulesets that differ in rules, sets and sides; small, because thousands of failures are tried on them.
  static let tables: [Table] = [
    table([.input, .output], peers: [1, 2], port: 443),
    table([.input, .output, .forward], peers: [2, 3], port: 80),
    table([.input], peers: [], port: 22),
  ]

  private static func table(_ sides: [Side], peers: [UInt8], port: UInt16) -> Table {
    let set = NamedSet(
      name: "peers", key: [.ipv4Address],
      elements: SetElements(keyLength: 4, keys: peers.flatMap { [10, 0, 0, $0] }))
    return Table(
      family: .inet, name: .sekisho,
      chains: sides.map { side in
        Chain(
          name: ChainName(checked: side.baseName), base: BaseChain(hook: side.hook, policy: .drop),
          rules: [
            Rule(compiling: [.match(.ctState, .states(.established)), .accept]),
            Rule(compiling: [.match(.tcpDport, .port(port)), .match(.ipSaddr, .named("peers")), .accept]),
          ])
      }, sets: [set])
  }
}

extension HostLifeTests {
  static let errnos: [KernelErrno] = [.perm, .noMemory, .noBuffers, .invalid, .interrupted]
  static let diskErrnos: [Errno] = [.noSpace, .ioError, .permissionDenied]
}

extension Table {
  var hasBase: Bool { chains.contains { $0.base != nil } }
}
