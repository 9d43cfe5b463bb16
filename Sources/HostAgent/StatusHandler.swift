internal import Addressing
internal import AgentProtocol
internal import Enforcement
internal import HostLife
internal import HostServices
internal import Machine
internal import Nftables

extension AgentServer {
  mutating func answerStatus(_ here: HostHere) {
    handle(Status.self) { (_, _) throws(AgentFailure) in
      here.endStopThatIsOver()
      var installed: InstalledTable?
      var status = try here.host.status { found in
        installed = found
        return found.table.isFallback
      }
      do throws(AgentFailure) { status.confirmed = try here.confirmedNow(installed) } catch {
        status.confirmedUnknown = "\(error)"
      }
      status.stop = here.stopNow
      do throws(AgentFailure) {
        let quarantined = try here.quarantinedNow()
        status.quarantine = quarantined.isEmpty ? nil : quarantined
      } catch {
        status.quarantineUnknown = "\(error)"
      }
      do throws(AgentFailure) {
        let opened = try here.openedNow()
        status.opened = opened.isEmpty ? nil : opened
      } catch {
        status.openedUnknown = "\(error)"
      }
      do throws(AgentFailure) { status.tripped = try here.trippedNow() } catch {
        status.trippedUnknown = "\(error)"
      }
      let legacy = [(AddressFamily.ipv4, "ip"), (.ipv6, "ip6")].flatMap { family, word in
        LegacyTables.names(family).map { "\(word) \($0)" }
      }
      if !legacy.isEmpty { status.legacyTables = legacy }
      // Services are of the machine, and act in its first namespace.
      if NetworkNamespace.isFirst { status.flushing = FlushingServices.found(below: "") }
      return status
    }
  }
}
