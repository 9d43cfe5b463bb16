internal import JSONStrings

/// The hosts among the resources that Terraform or OpenTofu manages: a state or a plan as `terraform show -json` writes it,
/// or the file of a state itself (version 4).
package enum TerraformState {
  /// - Throws: ``ImportFaults``.
  package static func hosts(_ bytes: [UInt8], of file: String) throws(ImportFaults) -> ImportedHosts {
    var resources: [TerraformResource] = []
    var isKnown = false
    let bytes = try ImportedText.bytes(bytes, of: file)
    do throws(JSONSyntaxError) {
      var reader = JSONReader(bytes)
      try reader.object { (reader, key) throws(JSONSyntaxError) in
        switch key {
        // A plan has the state before it as well, under a key of its own.
        case "values", "planned_values":
          isKnown = true
          try shown(&reader, &resources)
        case "resources":
          isKnown = true
          try reader.array { (reader) throws(JSONSyntaxError) in
            resources += TerraformResource.stored(try JSONTree(&reader))
          }
        default: try reader.skip()
        }
      }
      try reader.end()
    } catch {
      throw ImportFaults(error, in: bytes, of: file)
    }
    if !isKnown {
      throw ImportFaults(
        ImportPlace(file),
        "this is no state and no plan: write it by `terraform show -json`, of a plan with its file")
    }
    let clouds = CloudInstances(resources, file)
    return try ImportedHosts(clouds.hosts, of: file, clouds.remarks)
  }

  private static func shown(
    _ reader: inout JSONReader, _ resources: inout [TerraformResource]
  ) throws(JSONSyntaxError) {
    guard try reader.kind() == .object else { return try reader.skip() }
    try reader.object { (reader, key) throws(JSONSyntaxError) in
      if key == "root_module" { try module(&reader, &resources) } else { try reader.skip() }
    }
  }

  private static func module(
    _ reader: inout JSONReader, _ resources: inout [TerraformResource]
  ) throws(JSONSyntaxError) {
    try reader.object { (reader, key) throws(JSONSyntaxError) in
      switch key {
      case "resources":
        try reader.array { (reader) throws(JSONSyntaxError) in
          if let resource = TerraformResource(shown: try JSONTree(&reader)) {
            resources.append(resource)
          }
        }
      case "child_modules":
        try reader.array { (reader) throws(JSONSyntaxError) in try module(&reader, &resources) }
      default: try reader.skip()
      }
    }
  }
}

/// An instance of a resource.
struct TerraformResource {
  let type: String
  /// As Terraform calls it: `module.app.aws_instance.web[0]`.
  let address: String
  let values: JSONTree
  /// The key of an object that another has replaced and that has not been destroyed yet; `nil`: it is the current one.
  ///
  /// It has the address of the current one. Source: `deposed` of an instance in terraform/internal/states/statefile/version4.go,
  /// `deposed_key` of a resource in terraform/internal/command/jsonstate/state.go.
  let deposed: String?

  /// Whether it is a host, or says something of one.
  private static func isOfUse(_ type: String) -> Bool {
    CloudInstances.Kind(rawValue: type) != nil || CloudInstances.isBeside(type)
  }

  /// - Returns: `nil` for what is only looked up (`mode: data`).
  init?(shown tree: JSONTree) {
    guard tree["mode"]?.text != "data", let type = tree["type"]?.text, let address = tree["address"]?.text
    else {
      return nil
    }
    (self.type, self.address, deposed) = (type, address, tree["deposed_key"]?.text)
    values = Self.isOfUse(type) ? tree["values"] ?? .other : .other
  }

  private init(type: String, address: String, values: JSONTree, deposed: String?) {
    (self.type, self.address, self.values, self.deposed) = (type, address, values, deposed)
  }

  /// The instances of a resource in the file of a state.
  static func stored(_ tree: JSONTree) -> [TerraformResource] {
    guard tree["mode"]?.text != "data", let type = tree["type"]?.text, let name = tree["name"]?.text else {
      return []
    }
    let module = tree["module"]?.text.map { "\($0)." } ?? ""
    return (tree["instances"]?.values ?? []).map { instance in
      let index: String =
        switch instance["index_key"] {
        case .integer(let number)?: "[\(number)]"
        case .string(let key)?: "[\"\(key)\"]"
        default: ""
        }
      return TerraformResource(
        type: type, address: "\(module)\(type).\(name)\(index)",
        values: isOfUse(type) ? instance["attributes"] ?? .other : .other, deposed: instance["deposed"]?.text)
    }
  }

  /// What distinguishes it, without words that every address has: `app-web-0`.
  var label: String {
    var parts: [String] = []
    for part in address.split(separator: ".") where part != "module" && part != type {
      parts.append(String(part))
    }
    return parts.joined(separator: "-")
  }
}
