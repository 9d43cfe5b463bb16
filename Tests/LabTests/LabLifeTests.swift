import Glibc
import LabFixtures
import LabHarness
import Machine
import Policy
import SystemPackage
import Testing

@testable import Lab

/// From up to down, and everything that can go wrong in between, on the kernel.
@Suite(.serialized, .needsNamespaces) struct LabLifeTests {
  @Test(.needs(.root)) func `labs are tested with root's rights`() {}

  @Test(.needs(.userNamespace)) func `labs are tested in user namespaces`() {}

  @Test(arguments: Rights.available)
  func `a lab is up until it is taken down, and then nothing is left of it`(rights: Rights) async throws {
    try await withTemporaryDirectory { path in
      let directory = try RuntimeDirectory(path: path)
      let lab = try up(Fleet.withGateway(), in: directory, rights)
      #expect(lab.isUp)
      let found = try #require(Lab.current(in: directory))
      #expect(found.plan == lab.plan)
      #expect(found.keeper == lab.keeper)

      let traces = try await Traces(of: lab)
      try lab.down()
      #expect(!lab.isUp)
      #expect(Lab.current(in: directory) == nil)
      #expect(traces.left == [])
      try lab.down()
      let error = #expect(throws: LabError.self) { try lab.execPrefix("web-1") }
      #expect(error?.code == .notRunning)
    }
  }

  @Test(arguments: Rights.available)
  func `a keeper that is killed takes everything with it, and the next lab comes up`(rights: Rights)
    async throws
  {
    try await withTemporaryDirectory { path in
      let directory = try RuntimeDirectory(path: path)
      let lab = try up(Fleet.withGateway(), in: directory, rights)
      let traces = try await Traces(of: lab)
      #expect(kill(lab.keeper, SIGKILL) == 0)
      try await traces.vanish()
      #expect(Files.text(directory.file("lab")) != nil, "the state file is left behind")
      #expect(Lab.current(in: directory) == nil)

      let next = try up(Fleet.withGateway(), in: directory, rights)
      #expect(try await next.run("web-1", ["true"]).status == 0)
      try next.down()
    }
  }

  @Test(arguments: Rights.available)
  func `whatever else of the lab's process tree is killed, nothing is left either`(rights: Rights)
    async throws
  {
    try await withTemporaryDirectory { path in
      let lab = try up(Fleet.withGateway(), in: RuntimeDirectory(path: path), rights)
      let traces = try await Traces(of: lab)
      #expect(kill(try Traces.parent(of: lab), SIGKILL) == 0)
      try await traces.vanish()
    }
  }

  @Test(arguments: Rights.available)
  func `a tethered lab ends with the last copy of its value`(rights: Rights) async throws {
    try await withTemporaryDirectory { path in
      let directory = try RuntimeDirectory(path: path)
      var lab: Lab? = try up(Fleet.withGateway(), in: directory, rights, tethered: true)
      let traces = try await Traces(of: #require(lab))
      lab = nil
      try await traces.vanish()
      #expect(Lab.current(in: directory) == nil)
    }
  }

  @Test(arguments: Rights.available)
  func `a second lab is refused with what to do, and the first one stays`(rights: Rights) async throws {
    try await withTemporaryDirectory { path in
      let directory = try RuntimeDirectory(path: path)
      let lab = try up(Fleet.withGateway(), in: directory, rights, tethered: true)
      let error = #expect(throws: LabError.self) { try up(Fleet.large(2), in: directory, rights) }
      #expect(
        error?.description
          == "a lab of 8 hosts and networks is up (process \(lab.keeper)); `sekisho lab down` ends it")
      #expect(error?.code == .busy)
      #expect(try await lab.run("web-1", ["true"]).status == 0)
      try lab.down()
    }
  }

  @Test func `while another process starts or ends a lab, neither is possible`() async throws {
    try await withTemporaryDirectory { path in
      let directory = try RuntimeDirectory(path: path)
      let error = #expect(throws: LabError.self) {
        try directory.whileLocked { () throws(LabError) in _ = try up(Fleet.empty, in: directory, .root) }
      }
      #expect(error?.code == .busy)
    }
  }

  @Test func `a process that has got a dead keeper's number is neither entered nor killed`() async throws {
    try await withTemporaryDirectory { path in
      let directory = try RuntimeDirectory(path: path)
      let plan = try LabPlan(Fleet.withGateway())
      let own = try #require(ProcessIdentity(of: getpid()))
      for (start, boot) in [(own.start - 1, own.boot), (own.start, "another-boot")] {
        let other = ProcessIdentity(number: own.number, start: start, boot: boot)
        let state = LabState(keeper: other, hasUserNamespace: false, plan: plan)
        try state.save(in: directory)
        #expect(LabState(parsing: state.text) == state)
        #expect(Lab.current(in: directory) == nil)
        try other.kill(within: .seconds(1))
      }
      #expect(ProcessIdentity(of: getpid()) == own)
    }
  }

  @Test func `a state file that is no state is as good as none`() async throws {
    try await withTemporaryDirectory { path in
      let directory = try RuntimeDirectory(path: path)
      for text in ["", "sekisho-lab 1\n", "sekisho-lab 2\nkeeper 1 2 3 root\nend\n", "\u{0}\n\n\n"] {
        try Files.replace(directory.file("lab"), with: Array(text.utf8))
        #expect(Lab.current(in: directory) == nil)
      }
    }
  }

  @Test(.needs(.userNamespace)) func `a keeper that fails says why`() async throws {
    try await withTemporaryDirectory { path in
      let directory = try RuntimeDirectory(path: path)
      for (keeper, reason) in [
        (["/bin/sh", "-c", "echo no such luck >&2; exit 1"], "lab: no such luck"),
        (["/bin/true"], "lab: the keeper ended without a word"),
        (["/missing/keeper"], "lab: unshare: failed to execute /missing/keeper: No such file or directory"),
      ] {
        let error = #expect(throws: LabError.self) {
          try Lab.up(Fleet.empty, in: directory, keeper: keeper, userNamespace: true)
        }
        #expect(error?.description == reason)
        #expect(error?.code == .refused)
      }
    }
  }

  @Test(.needs(.userNamespace)) func `a command of ip that fails is named`() async throws {
    try await withTemporaryDirectory { path in
      var fleet = Fleet()
      try fleet.host("broken", ["10.0.0.1", "ff02::1"])
      let policy = fleet.policy
      let error = #expect(throws: LabError.self) {
        try up(policy, in: RuntimeDirectory(path: path), .userNamespace, tethered: true)
      }
      let description = try #require(error?.description)
      #expect(
        description.hasPrefix("lab: ip route add ff02::1/128 via ff02::1 dev bridge0 onlink: "),
        "\(description)")
    }
  }

  @Test(.needs(.root, .userNamespace)) func `a user without any rights has a lab too`() async throws {
    try await withTemporaryDirectory { path in
      // A copy, because the build directory may be closed to others.
      let program = "\(path)/lab-support"
      #expect(try await run(["/usr/bin/cp", supportProgram(), program]).status == 0)
      #expect(try await run(["/usr/bin/chown", "-R", "65534:65534", path]).status == 0)
      let prefix = [
        "/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "env",
        "SEKISHO_RUNTIME_DIR=\(path)", program,
      ]
      let up = try await run(prefix + ["up"])
      #expect(up.status == 0, "\(up.output)")
      #expect(try await run(prefix + ["status"]).lines.contains("web-1 host 10.1.0.11 2001:db8:1::11"))
      let exec = try await run(prefix + ["exec", "web-1", "nft", "add", "table", "inet", "mine"])
      #expect(exec.status == 0, "\(exec.output)")
      #expect(try await run(prefix + ["down"]).status == 0)
      #expect(try await run(prefix + ["status"]).output == "no lab\n")
    }
  }

  @Test(arguments: Rights.available)
  func `a keeper holds nothing open that its starter had open`(rights: Rights) async throws {
    try await withTemporaryDirectory { path in
      let directory = try RuntimeDirectory(path: path)
      // Inherited by programs, unlike what the library itself opens.
      let inherited = open("/dev/null", O_RDONLY)
      defer { close(inherited) }
      let lab = try up(Fleet.withGateway(), in: directory, rights)
      // It lets go of the terminal once it is alone, by way of a fourth descriptor.
      var descriptors: [String] = []
      for _ in 0..<100 where descriptors != ["0", "1", "2"] {
        descriptors = try await run(["/usr/bin/ls", "/proc/\(lab.keeper)/fd"]).lines
        try await Task.sleep(for: .milliseconds(20))
      }
      #expect(descriptors == ["0", "1", "2"])
      try lab.down()
    }
  }

  @Test(arguments: Rights.available)
  func `a hundred hosts come up on one machine`(rights: Rights) async throws {
    try await withLab(Fleet.large(100), rights) { lab in
      let outcomes = try await lab.probe("host-1", ["icmp - 10.0.0.101 8", "icmpv6 - 2001:db8:1::73 128"])
      #expect(outcomes == ["open", "open"])
    }
  }
}

private func up(
  _ policy: Policy, in directory: RuntimeDirectory, _ rights: Rights, tethered: Bool = false
) throws(LabError) -> Lab {
  let program = (try? supportProgram()) ?? ""
  return try Lab.up(
    policy, in: directory, keeper: [program, "keep"], tethered: tethered,
    userNamespace: rights == .userNamespace)
}

/// Everything by which a lab can be noticed from outside.
private final class Traces {
  /// The lab's process namespace. As long as it is open here its number is given to no other, and it keeps
  /// neither a process nor an interface alive.
  private let processes: FileDescriptor
  /// As a link of /proc names it: `pid:[4026532000]`.
  private let name: String
  /// What the keeper was started by; outside the namespace.
  private let parent: ProcessIdentity
  private let mounts: [Substring]

  /// Looks at a lab that is up, in one host of which a program is left running.
  init(of lab: Lab) async throws {
    let path = "/proc/\(lab.keeper)/ns/pid"
    processes = try FileDescriptor.opening(path)
    name = try #require(Files.readLink(path))
    parent = try #require(ProcessIdentity(of: Self.parent(of: lab)))
    mounts = Self.mounts
    let background = try await lab.run(
      "web-1", ["sh", "-c", "sleep 1000 >/dev/null 2>&1 </dev/null & echo on"])
    #expect(background.output == "on\n")
    // The shell may not be gone entirely yet.
    let running = ["process of the lab", "process of the lab"]
    try await wait { left == running }
    #expect(left == running)
  }

  deinit { try? processes.close() }

  /// The process that the keeper was started by.
  static func parent(of lab: Lab) throws -> Int32 {
    let stat = try #require(Files.text("/proc/\(lab.keeper)/stat"))
    return try #require(stat.split(separator: " ").dropFirst(3).first.flatMap { Int32($0) })
  }

  /// What a lab mounts, as far as it can be seen here; what else the machine mounts is not ours.
  private static var mounts: [Substring] {
    (Files.text("/proc/self/mountinfo") ?? "").split(separator: "\n").filter {
      $0.contains("netns") || $0.contains("sekisho") || $0.contains("/etc/hosts")
    }
  }

  /// What is still there.
  var left: [String] {
    var left: [String] = []
    if Self.mounts != mounts { left.append("mounts") }
    if access("/run/netns/web-1", F_OK) == 0 { left.append("name of a namespace") }
    for name in ["bridge0", "port0"] where if_nametoindex(name) != 0 { left.append("interface \(name)") }
    guard let entries = try? Directory(opening: "/proc").entries() else { return ["no /proc"] }
    for entry in entries.keys {
      guard let number = Int32(entry), Files.readLink("/proc/\(number)/ns/pid") == name else { continue }
      // Who has ended keeps his number, and the name of his namespace, until his parent has heard of it.
      if ProcessIdentity(of: number) != nil { left.append("process of the lab") }
    }
    return left
  }

  /// Waits until nothing is left; the kernel takes a moment after a signal that nobody waits for.
  func vanish() async throws {
    try await wait { left.isEmpty && !parent.isAlive }
    #expect(left == [])
    #expect(!parent.isAlive)
  }

  /// Until something is so, or for a minute.
  private func wait(_ isSo: () -> Bool) async throws {
    for _ in 0..<6000 {
      if isSo() { return }
      try await Task.sleep(for: .milliseconds(10))
    }
  }
}
