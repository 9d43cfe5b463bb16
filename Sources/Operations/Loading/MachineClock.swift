internal import Glibc
internal import Nftables

extension LocalClock {
  /// That of this machine, in its time zone (`TZ`, /etc/localtime): nft(8) printed what it printed in the zone of the
  /// machine where it ran, which is taken for the same.
  static func ofThisMachine() -> LocalClock {
    var now = time(nil)
    var parts = unsafe tm()
    _ = unsafe localtime_r(&now, &parts)
    return LocalClock(ahead: Int64(unsafe parts.tm_gmtoff)) { shown in
      var shown = time_t(shown)
      var parts = unsafe tm()
      _ = unsafe gmtime_r(&shown, &parts)
      // Whether summer time holds then is the zone's to say.
      unsafe parts.tm_isdst = -1
      return Int64(unsafe mktime(&parts))
    }
  }
}
