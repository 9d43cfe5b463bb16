package import AgentProtocol
internal import Machine
package import Nftables
internal import RulesetShape
internal import SystemPackage

/// The host of the network namespace this process is in: what is asked of it is in an extension a file.
package struct LocalHost: Sendable {
  let family = Family.inet
  let name: TableName
  private let source: any KernelSource
  private let runtimeDirectory: String
  let lastRead = LastRead()
  /// How long connections are learnt before anything may be denied: long enough for a session that is in
  /// use to say something.
  let learning: Duration

  /// - Parameters:
  ///   - runtimeDirectory: where the lock is.
  ///   - table: the table of family `inet` that is Sekisho's.
  ///   - kernel: begins a conversation with the kernel.
  package init(
    runtimeDirectory: String, table name: TableName = .sekisho, learning: Duration = .milliseconds(200),
    kernel source: any KernelSource = NetlinkSource()
  ) {
    self.name = name
    self.learning = learning
    self.source = source
    self.runtimeDirectory = runtimeDirectory
  }

  /// A conversation for looking alone; whoever changes the host may do so meanwhile.
  package func conversation() throws(AgentFailure) -> Hold { Hold(nil, try openKernel()) }

  func openKernel() throws(AgentFailure) -> any HostKernel {
    // The kernel tells everybody who listens which thread has made a transaction.
    CurrentThread.call("sekisho")
    return try source.open()
  }

  /// The right to change the host, and the conversation by which it is changed.
  ///
  /// What keeps a transaction correct is its generation; the lock keeps a second apply from working in vain.
  /// There is one for each network namespace.
  ///
  /// - Throws: ``AgentProtocol/AgentFailure`` `.busy` when another process has it.
  package func hold() throws(AgentFailure) -> Hold {
    let lock: FileLock
    do throws(SystemFailure) {
      lock = try FileLock("\(runtimeDirectory)/apply-\(try NetworkNamespace.current()).lock")
    } catch {
      throw error.errno == .wouldBlock
        ? AgentFailure(
          .busy, "another apply is running on this host", remedy: "wait for it to end and try again")
        : AgentFailure(error)
    }
    return Hold(lock, try openKernel())
  }

  /// Of the kernel since it was booted, and in it of the network namespace.
  func moment(_ generation: UInt32) throws(AgentFailure) -> RulesetMoment {
    do throws(SystemFailure) {
      let place = "\(try Boot.identifier()):\(try NetworkNamespace.current())"
      return RulesetMoment(place: place, generation: generation)
    } catch { throw AgentFailure(error) }
  }

  func isOwn(_ place: TablePlace) -> Bool { place.family == family && place.name == name }
}

/// What ``LocalHost/hold()`` gives; a ``TrackingTable`` lives as long as it.
package final class Hold {
  private let lock: FileLock?
  let kernel: any HostKernel

  init(_ lock: consuming FileLock?, _ kernel: any HostKernel) {
    self.lock = lock
    self.kernel = kernel
  }
}
