internal import Glibc
internal import Lab
internal import Machine

/// A process that cleans up when a trial is over. The kernel judges by the confirmed rules by then in any case, and
/// every later command would do it as well.
package enum TrialKeeper {
  /// Starts one that outlives this session.
  ///
  /// A unit of systemd's where that runs here: what merely has a session of its own may be ended with the session of
  /// whoever logged in (`KillUserProcesses=`, logind.conf(5)).
  package static func start() {
    guard let program = try? Lab.ownExecutable() else { return }
    let command = [program, "agent", "--keep"]
    guard unsafe access("/run/systemd/system", F_OK) == 0, NetworkNamespace.isFirst else {
      try? Programs.start(command)
      return
    }
    // Whether systemd takes it is known when systemd-run ends.
    let unit = ["/usr/bin/systemd-run", "--quiet", "--collect"] + places + ["--"] + command
    try? Programs.start(unit, orElse: command)
  }

  /// Where a unit finds what this process does.
  private static var places: [String] {
    ["SEKISHO_RUNTIME_DIR", "SEKISHO_STATE_DIR", "SEKISHO_CONFIG_DIR"].compactMap { name in
      Environment.variable(name).map { "--setenv=\(name)=\($0)" }
    }
  }
}
