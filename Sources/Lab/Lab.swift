internal import Addressing
internal import Glibc
package import Machine
package import Policy
internal import SystemPackage

/// An inventory as network namespaces on this machine, while it is up.
///
/// One lab a user: its state is in the runtime directory. A lab that is not tethered outlives the value.
package struct Lab: Sendable {
  /// What it consists of.
  package let plan: LabPlan
  /// The first process of the lab; whoever ends it ends the lab.
  package var keeper: Int32 { state.keeper.number }

  private let state: LabState
  private let directory: RuntimeDirectory
  private let tether: LineStream?

  private init(_ state: LabState, in directory: RuntimeDirectory, tether: LineStream? = nil) {
    plan = state.plan
    self.state = state
    self.directory = directory
    self.tether = tether
  }
}

extension Lab {
  /// The whole life of a keeper: reads a plan from standard input, builds the lab, keeps it.
  ///
  /// For the hidden verb that ``up(_:in:keeper:tethered:userNamespace:)`` starts; must be called before the
  /// process has a second thread, because a namespace is entered by a thread.
  package static func keep() -> Never { Keeper.run() }

  /// Brings a lab up and returns when every host can be reached.
  ///
  /// - Parameters:
  ///   - keeper: the command that calls ``keep()``, its program as an absolute path; usually
  ///     ``ownExecutable()`` and a hidden verb.
  ///   - tethered: whether the lab ends by itself with this process or with the last copy of the value.
  ///   - userNamespace: whether to work in an unprivileged user namespace; `nil`: unless this process has
  ///     the capabilities `CAP_SYS_ADMIN` and `CAP_NET_ADMIN`.
  /// - Throws: ``LabError``: `busy` when a lab is up, `layout`, `missingProgram`, `refused` with the words of
  ///   the kernel or of ip(8).
  package static func up(
    _ policy: Policy, in directory: RuntimeDirectory, keeper: [String], tethered: Bool = false,
    userNamespace: Bool? = nil
  ) throws(LabError) -> Lab {
    let plan = try LabPlan(policy)
    let setsid = try Program.find("setsid", package: "util-linux")
    let unshare = try Program.find("unshare", package: "util-linux")
    let user = userNamespace ?? !Privileges.sufficeForNamespaces
    // setsid forks, so that the keeper is no child of ours and outlives our terminal; unshare passes a
    // SIGKILL on to its child, and the child's end to the whole process namespace.
    let command =
      [setsid, "--fork", unshare] + (user ? ["--user", "--map-root-user"] : [])
      + ["--mount", "--net", "--pid", "--fork", "--kill-child", "--"] + keeper

    return try directory.whileLocked { () throws(LabError) in
      if let old = LabState.current(in: directory) {
        throw LabError(
          .busy,
          "a lab of \(old.plan.nodes.count) hosts and networks is up (process \(old.keeper.number)); "
            + "`sekisho lab down` ends it")
      }
      LabState.remove(in: directory)

      let (process, stream) = try Program.start(command)
      _ = Program.wait(for: process)
      stream.send(plan.text)
      let (answer, inTime) = stream.receive(within: .seconds(120)) { $0.hasSuffix("\n") && $0.isReady }
      guard inTime else { throw LabError(.timeout, "the lab is not ready after two minutes") }
      guard let number = answer.readyProcess, let identity = ProcessIdentity(of: number) else {
        let reason = answer.split(separator: "\n").joined(separator: "; ")
        throw LabError(
          .refused, reason.isEmpty ? "the keeper ended without a word" : reason, object: "lab")
      }
      let state = LabState(keeper: identity, hasUserNamespace: user, plan: plan)
      // Until here the keeper ends by itself when this process fails: the stream closes.
      try state.save(in: directory)
      if tethered { return Lab(state, in: directory, tether: stream) }
      stream.send("detach\n")
      return Lab(state, in: directory)
    }
  }

  /// The lab that is up, or `nil`; what a killed one has left in the directory counts as none.
  package static func current(in directory: RuntimeDirectory) -> Lab? {
    LabState.current(in: directory).map { Lab($0, in: directory) }
  }

  /// The path of the program that this process runs, for starting it again.
  ///
  /// - Throws: ``LabError`` `refused` when /proc is not mounted.
  package static func ownExecutable() throws(LabError) -> String {
    guard let path = Files.readLink("/proc/self/exe") else {
      throw LabError(.refused, "cannot be read; is /proc mounted?", object: "/proc/self/exe")
    }
    return path
  }

  /// Ends the lab with every process in it, and returns when they are gone; twice is no error.
  ///
  /// - Throws: ``LabError`` `busy`, `refused`, `timeout` after 30 seconds.
  package func down() throws(LabError) {
    try directory.whileLocked { () throws(LabError) in
      do throws(SystemFailure) { try state.keeper.kill(within: .seconds(30)) } catch {
        throw LabError(error)
      }
      if LabState.current(in: directory) == nil { LabState.remove(in: directory) }
    }
  }

  /// Whether it is still up.
  package var isUp: Bool { state.keeper.isAlive }

  /// The command that runs a program in the namespace of a host or network when it stands in front of it.
  ///
  /// The program sees the files of this machine, but for /run, which belongs to the lab, and /etc/hosts, which
  /// has the lab's names too; its `SEKISHO_RUNTIME_DIR`, `SEKISHO_STATE_DIR` and
  /// `SEKISHO_CONFIG_DIR` are its host's own. Standard streams and exit status pass through. Its
  /// working directory is `/` unless one is given.
  ///
  /// - Throws: ``LabError``: `unknownHost`, `notRunning` when the keeper is gone (its number may be another
  ///   process's by now), `missingProgram`.
  package func execPrefix(_ host: String, workingDirectory: String = "/") throws(LabError) -> [String] {
    guard plan[host] != nil else {
      throw LabError(
        .unknownHost, "the lab has no host or network of this name; `sekisho lab status` lists them",
        object: host)
    }
    guard isUp else { throw LabError(.notRunning, "the lab is gone; `sekisho lab up` makes a new one") }
    let nsenter = try Program.find("nsenter", package: "util-linux")
    let env = try Program.find("env", package: "coreutils")
    // Not `ip netns exec`: that mounts /sys anew, which containers refuse.
    return [nsenter, "--target", "\(keeper)"]
      + (state.hasUserNamespace ? ["--user", "--preserve-credentials"] : [])
      + ["--mount", "--pid", "--net=/proc/\(keeper)/root/run/netns/\(host)"]
      + ["--wdns=\(workingDirectory)"]
      + [
        "--", env, "SEKISHO_RUNTIME_DIR=\(Self.runtimeDirectory(of: host))",
        "SEKISHO_STATE_DIR=\(Self.runtimeDirectory(of: host))/state",
        "SEKISHO_CONFIG_DIR=\(Self.runtimeDirectory(of: host))/config",
      ]
  }

  /// Becomes a command in the namespace of a host or network: standard streams, terminal, signals and exit
  /// status are the command's. It is looked up in `PATH` and in the directories of the system's programs.
  ///
  /// - Throws: as ``execPrefix(_:workingDirectory:)``, and `refused` when nsenter(1) does not start.
  package func exec(_ host: String, _ command: [String]) throws(LabError) -> Never {
    let here = Files.readLink("/proc/self/cwd") ?? "/"
    let prefix = try execPrefix(host, workingDirectory: here.hasPrefix("/run") ? "/" : here)
    let failure = Program.replaceThisProcess(prefix + ["PATH=\(Program.searchPath)"] + command)
    throw LabError(.refused, "cannot be started: \(failure)", object: prefix[0])
  }

  /// Where a program in a host keeps its locks and sockets; inside the lab only.
  static func runtimeDirectory(of host: String) -> String { "\(hostDirectories)/\(host)" }

  static var hostDirectories: String { "/run/sekisho" }
}

extension String {
  /// Whether the last line says that the keeper is ready; programs may have warned before.
  fileprivate var isReady: Bool { readyProcess != nil }

  fileprivate var readyProcess: Int32? {
    guard let words = split(separator: "\n").last?.split(separator: " "), words.count == 2,
      words[0] == "ready"
    else { return nil }
    return Int32(words[1])
  }
}
