internal import Machine

/// Where ruleset generations are counted: a kernel since it was booted, and in it a network namespace.
enum KernelPlace {
  /// The kernel's boot id (random(4)) and the inode of this process's network namespace (namespaces(7)).
  ///
  /// - Throws: ``AgentFailure`` when `/proc` is not there.
  static func current() throws(AgentFailure) -> String {
    do throws(SystemFailure) {
      return "\(try Boot.identifier()):\(try NetworkNamespace.current())"
    } catch {
      throw AgentFailure(.failed, "\(error)")
    }
  }
}
