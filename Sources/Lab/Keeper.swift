internal import CLinux
internal import Glibc
internal import Machine
internal import SystemPackage

/// What runs inside a lab: the first process of its process namespace, in its own user (without root),
/// mount and network namespace. When it ends, for whatever reason, the kernel ends every process of the lab,
/// and with the last of them go all mounts and network namespaces.
///
/// It speaks with who started it over its standard input: a plan comes in, `ready PID` goes out, or else
/// the reason why not; then `detach` comes in, or it lives as long as the other side keeps the stream open.
enum Keeper {
  static func run() -> Never {
    // Whatever else our starter had open: a pipe that lives on in us would never end for its reader.
    _ = sekisho_close_from(3)
    let starter = LineStream(.standardInput)
    do throws(LabError) {
      // Before the private /proc, because only the old one knows our number out there.
      let process = try processNumber()
      let received = starter.receive(within: .seconds(60)) { $0.hasSuffix("end\n") }
      guard let plan = LabPlan(parsing: received.text.split(separator: "\n")) else {
        throw LabError(.refused, "the plan of the lab did not arrive whole")
      }
      try makePrivateMounts(plan)
      makeNamesKnown(plan)
      try NamespaceBuilder(plan).build()
      starter.send("ready \(process)\n")
    } catch {
      starter.send("\(error)\n")
      exit(1)
    }

    // Orphans of the lab become our children: let the kernel collect them.
    signal(SIGCHLD, SIG_IGN)
    // The first process of a namespace gets only signals that it handles, and SIGKILL.
    for number in [SIGTERM, SIGINT, SIGHUP] { signal(number) { _ in _exit(0) } }

    let answer = starter.receive(within: .seconds(1 << 30)) { $0.hasSuffix("detach\n") }
    guard answer.text.hasSuffix("detach\n") else { exit(0) }
    letGoOfTerminal()
    while true { pause() }
  }

  private static func processNumber() throws(LabError) -> Int32 {
    guard let text = Files.readLink("/proc/self"), let number = Int32(text) else {
      throw LabError(.refused, "is not mounted; the lab needs it", object: "/proc")
    }
    return number
  }

  /// Gives the lab its own /proc and an empty /run, in which ip-netns(8) keeps its names, and in it a
  /// runtime directory for each host.
  private static func makePrivateMounts(_ plan: LabPlan) throws(LabError) {
    let flags = UInt(MS_NOSUID) | UInt(MS_NODEV)
    for (kind, path, flags) in [
      ("proc", "/proc", flags | UInt(MS_NOEXEC)), ("tmpfs", "/run", flags),
    ] {
      guard unsafe mount(kind, path, kind, flags, nil) == 0 else {
        throw LabError(
          .refused,
          "the kernel refuses a private \(kind) (\(Errno.last)); a container needs more rights for "
            + "a lab", object: path)
      }
    }
    for path in [Lab.hostDirectories] + plan.nodes.map({ Lab.runtimeDirectory(of: $0.name) }) {
      do throws(SystemFailure) { try Files.makeDirectory(path, .ownerReadWriteExecute) } catch {
        throw LabError(.refused, error.message, object: path)
      }
    }
  }

  /// Lets programs of the lab find its hosts by name: an /etc/hosts that has them too.
  private static func makeNamesKnown(_ plan: LabPlan) {
    let own = Files.text("/etc/hosts") ?? ""
    let names = plan.nodes.flatMap { node in
      node.addresses.map { "\($0) \(node.name)\n" } + node.carried.map { "\($0.address) \($0.name)\n" }
    }.joined()
    let path = "/run/hosts"
    // Without the file, or where the kernel refuses, addresses still work.
    guard (try? Files.replace(path, with: Array("\(own)\n\(names)".utf8), .everybodyReads)) != nil else {
      return
    }
    _ = unsafe mount(path, "/etc/hosts", nil, UInt(MS_BIND), nil)
  }

  /// Otherwise a pipe that the starter's output went to would never end.
  private static func letGoOfTerminal() {
    guard let null = try? FileDescriptor.open(FilePath("/dev/null"), .readWrite) else { return }
    for descriptor in Int32(0)...2 { dup2(null.rawValue, descriptor) }
    if null.rawValue > 2 { try? null.close() }
  }
}
