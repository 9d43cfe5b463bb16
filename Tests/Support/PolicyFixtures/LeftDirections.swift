package import Policy

extension Policy {
  /// The same policy with some hosts that leave a direction alone, as far as an inventory may say so. Nothing is drawn.
  package func leavingSome(seed: UInt64) -> Policy {
    with(
      hosts: hosts.enumerated().map { index, host in
        var modes = host.modes
        let kind = (seed / 2 + UInt64(index)) % 4
        let containers = host.forwarding.containers
        if kind == 0 || kind == 3 && host.forwarding.filtersPassage, containers == nil {
          modes.ingress = .leave
        }
        if kind == 1 || kind == 3 && host.forwarding.filtersPassage, containers?.judgesEgress != true {
          modes.egress = .leave
        }
        return host.with(modes: modes)
      })
  }
}
