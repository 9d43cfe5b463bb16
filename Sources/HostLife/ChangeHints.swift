internal import Enforcement
internal import HostState
internal import Machine

extension ChangeHint {
  /// Longer ones are cut: whoever makes a control group names it.
  private static let longestCgroup = 256

  /// Who made a change, as far as it can be told; `nil`: nobody knows.
  ///
  /// - Parameter isAsking: whether the control group is looked for.
  init?(_ notice: HostNotices.Notice, isAsking: Bool) {
    guard let program = notice.program else { return nil }
    self.init(
      program: program, process: notice.process,
      cgroup: !isAsking ? nil : notice.process.flatMap { Self.cgroup(of: $0, called: program) })
  }

  /// The control group of a thread, in the second version's hierarchy: cgroups(7), proc(5).
  ///
  /// The number is that of the first process namespace, and may be another's by now: only one that is called as the
  /// kernel said is asked.
  private static func cgroup(of process: UInt32, called program: String) -> String? {
    guard let name = Files.text("/proc/\(process)/comm"), name.dropLast() == program,
      let groups = Files.text("/proc/\(process)/cgroup"),
      let line = groups.split(separator: "\n").first(where: { $0.hasPrefix("0::") })
    else { return nil }
    return String(line.dropFirst(3).prefix(longestCgroup))
  }
}
