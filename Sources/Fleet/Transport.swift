internal import Enforcement
internal import Subprocess
internal import SystemPackage

/// How a host's agent is started: a command prefix in front of `sekisho agent`.
public struct Transport: Hashable, Sendable {
  /// Program and arguments, `sekisho agent` included. No shell reads them on this machine.
  public let command: [String]

  public init(command: [String]) { self.command = command }

  /// `ssh -- DESTINATION sudo -n sekisho agent`, with the user's own configuration of ssh.
  ///
  /// - Parameter destination: what ssh(1) calls destination; must not begin with `-`.
  public static func ssh(_ destination: String) -> Self {
    Self(command: ["ssh", "-o", "BatchMode=yes", "--", destination, "sudo", "-n", "sekisho", "agent"])
  }
}
