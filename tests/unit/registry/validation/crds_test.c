/* What is said of CustomResourceDefinitions. */
#include "cases.h"

#define OF(plural) "apiextensions.k8s.io", "v1", plural

/* A definition whose spec has a field of each type, up to the name of its rules. */
#define WITH_A_FIELD_OF_EACH_TYPE                                                                            \
    "{'status':{'storedVersions':['v1']},'metadata':{'name':'widgets.x.example.com'},'spec'"                 \
    ":{'group':'x.example.com','scope':'Namespaced','names':{'plural':'widgets','singular':"                 \
    "'widget','kind':'Widget','listKind':'WidgetList'},'versions':[{'name':'v1','served':tr"                 \
    "ue,'storage':true,'schema':{'openAPIV3Schema':{'type':'object','properties':{'spec':{'"                 \
    "type':'object','properties':{'a':{'type':'integer'},'b':{'type':'string','maxLength':1"                 \
    "0},'c-d':{'type':'boolean'},'namespace':{'type':'string','maxLength':10},'l':{'type':'"                 \
    "array','maxItems':5,'items':{'type':'string','maxLength':5}},'m':{'type':'object','max"                 \
    "Properties':5,'additionalProperties':{'type':'number'}},'o':{'type':'object','properti"                 \
    "es':{'x':{'type':'string','format':'date-time'},'y__z':{'type':'string','maxLength':5}"                 \
    "}},'i':{'x-kubernetes-int-or-string':true},'u':{'type':'object','x-kubernetes-preserve"                 \
    "-unknown-fields':true},'k':{'x-kubernetes-preserve-unknown-fields':true},'d':{'type':'"                 \
    "string','format':'duration'},'by':{'type':'string','format':'byte','maxLength':5},'1x'"                 \
    ":{'type':'string'},'lo':{'type':'array','maxItems':4,'items':{'type':'object','propert"                 \
    "ies':{'q':{'type':'integer'}}}},'ml':{'type':'array','maxItems':4,'x-kubernetes-list-t"                 \
    "ype':'map','x-kubernetes-list-map-keys':['n'],'items':{'type':'object','required':['n'"                 \
    "],'properties':{'n':{'type':'string','maxLength':5}}}},'e':{'type':'object','x-kuberne"                 \
    "tes-embedded-resource':true,'x-kubernetes-preserve-unknown-fields':true}},'x-kubernete"

static const struct validation_case CASES[] = {
    {OF("customresourcedefinitions"), NULL, NULL,
     "{'status':{'storedVersions':['v1']},'metadata':{'name':'gizmos.x.example.com'},'spec':{'group':'x."
     "example.com','scope':'Nam"
     "espaced','names':{'plural':'gizmos','singular':'gizmo','kind':'Gizmo','listKind':'GizmoL"
     "ist'},'versions':[{'name':'v1','served':true,'storage':true,'schema':{'openAPIV3Schema':"
     "{'type':'object','x-kubernetes-preserve-unknown-fields':true}}}]}}",
     NULL},
    {OF("customresourcedefinitions"), NULL, NULL,
     "{'status':{'storedVersions':['v1']},'metadata':{'name':'other.x.example.com'},'spec':{'group':'nodots',"
     "'scope':'Odd','names"
     "':{'plural':'gizmos','singular':'gizmo','kind':'Gizmo','listKind':'GizmoList'},'versions"
     "':[{'name':'v1','served':true,'storage':true,'schema':{'openAPIV3Schema':{'type':'object"
     "','x-kubernetes-preserve-unknown-fields':true}}}]}}",
     "[metadata.name: Invalid value: \"other.x.example.com\": must be "
     "spec.names.plural+\".\"+spec.group, spec.group: Invalid value: \"nodots\": should be a "
     "domain with at least one dot, spec.scope: Unsupported value: \"Odd\": supported values: "
     "\"Cluster\", \"Namespaced\"]"},
    {OF("customresourcedefinitions"), NULL, NULL,
     "{'status':{'storedVersions':['v1']},'metadata':{'name':'gizmos.x.example.com'},'spec':{'group':'x."
     "example.com','scope':'Nam"
     "espaced','names':{'plural':'Gizmos','singular':'g','kind':'bad kind','listKind':'bad "
     "kind','shortNames':['Bad_']},'versions':[{'name':'v1','served':true,'storage':true,'sche"
     "ma':{'openAPIV3Schema':{'type':'object','x-kubernetes-preserve-unknown-fields':true}}}]}"
     "}",
     "[metadata.name: Invalid value: \"gizmos.x.example.com\": must be "
     "spec.names.plural+\".\"+spec.group, spec.names.plural: Invalid value: \"Gizmos\": a "
     "DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an "
     "alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or "
     "'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?'), spec.names.kind: "
     "Invalid value: \"bad kind\": may have mixed case, but should otherwise match: a "
     "DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an "
     "alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or "
     "'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?'), "
     "spec.names.listKind: Invalid value: \"bad kind\": may have mixed case, but should "
     "otherwise match: a DNS-1035 label must consist of lower case alphanumeric characters or "
     "'-', start with an alphabetic character, and end with an alphanumeric character (e.g. "
     "'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?'), "
     "spec.names.shortNames[0]: Invalid value: \"Bad_\": a DNS-1035 label must consist of "
     "lower case alphanumeric characters or '-', start with an alphabetic character, and end "
     "with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for "
     "validation is '[a-z]([-a-z0-9]*[a-z0-9])?'), spec.names.listKind: Invalid value: \"bad "
     "kind\": kind and listKind may not be the same]"},
    {OF("customresourcedefinitions"), NULL, NULL,
     "{'status':{'storedVersions':['v1']},'metadata':{'name':'gizmos.x.k8s.io'},'spec':{'group':'x.k8s.io','"
     "scope':'Namespaced','"
     "names':{'plural':'gizmos','singular':'gizmo','kind':'Gizmo','listKind':'GizmoList'},'ver"
     "sions':[{'name':'v1','served':true,'storage':true,'schema':{'openAPIV3Schema':{'type':'o"
     "bject','x-kubernetes-preserve-unknown-fields':true}}}]}}",
     "metadata.annotations[api-approved.kubernetes.io]: Required value: protected groups must "
     "have approval annotation \"api-approved.kubernetes.io\", see "
     "https://github.com/kubernetes/enhancements/pull/1111"},
    {OF("customresourcedefinitions"), NULL, NULL,
     "{'status':{'storedVersions':['V_1']},'metadata':{'name':'gizmos.x.example.com'},'spec':{'group':'x."
     "example.com','scope':'Nam"
     "espaced','names':{'plural':'gizmos','singular':'gizmo','kind':'Gizmo','listKind':'GizmoL"
     "ist'},'versions':[{'name':'V_1','served':true,'storage':true,'subresources':{'scale':{'s"
     "pecReplicasPath':'.status.r'}},'additionalPrinterColumns':[{'type':'odd','jsonPath':'x'}"
     "],'selectableFields':[{'jsonPath':'.spec.nope'}],'schema':{'openAPIV3Schema':{'type':'ob"
     "ject','x-kubernetes-preserve-unknown-fields':true}}}]}}",
     "[spec.versions[0].name: Invalid value: \"V_1\": a DNS-1035 label must consist of lower "
     "case alphanumeric characters or '-', start with an alphabetic character, and end with "
     "an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is "
     "'[a-z]([-a-z0-9]*[a-z0-9])?'), spec.version: Invalid value: \"V_1\": a DNS-1035 label "
     "must consist of lower case alphanumeric characters or '-', start with an alphabetic "
     "character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex "
     "used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?'), "
     "spec.subresources.scale.specReplicasPath: Invalid value: \".status.r\": should be a "
     "json path under .spec, spec.subresources.scale.statusReplicasPath: Required value, "
     "spec.additionalPrinterColumns[0].name: Required value, "
     "spec.additionalPrinterColumns[0].type: Invalid value: \"odd\": must be one of "
     "boolean,date,integer,number,string, spec.additionalPrinterColumns[0].JSONPath: Invalid "
     "value: \"x\": must be a simple json path starting with ., "
     "spec.selectableFields[0].jsonPath: Invalid value: \".spec.nope\": is an invalid path: "
     "does not refer to a valid field]"},
    {OF("customresourcedefinitions"), NULL, NULL,
     "{'status':{'storedVersions':['v1']},'metadata':{'name':'gizmos.x.example.com'},'spec':{'group':'x."
     "example.com','scope':'Nam"
     "espaced','names':{'plural':'gizmos','singular':'gizmo','kind':'Gizmo','listKind':'GizmoL"
     "ist'},'versions':[{'name':'v1','served':true,'storage':true,'schema':{'openAPIV3Schema':"
     "{'type':'object','properties':{'spec':{}}}}}]}}",
     "spec.validation.openAPIV3Schema.properties[spec].type: Required value: must not be "
     "empty for specified object fields"},
    {OF("customresourcedefinitions"), NULL, NULL,
     "{'status':{'storedVersions':['v1']},'metadata':{'name':'gizmos.x.example.com'},'spec':{'group':'x."
     "example.com','scope':'Nam"
     "espaced','names':{'plural':'gizmos','singular':'gizmo','kind':'Gizmo','listKind':'GizmoL"
     "ist'},'versions':[{'name':'v1','served':true,'storage':true,'schema':{'openAPIV3Schema':"
     "{'type':'string'}}}]}}",
     "spec.validation.openAPIV3Schema.type: Invalid value: \"string\": must be object at the "
     "root"},
    {OF("customresourcedefinitions"), NULL, NULL,
     "{'status':{'storedVersions':['v1']},'metadata':{'name':'gizmos.x.example.com'},'spec':{'group':'x."
     "example.com','scope':'Nam"
     "espaced','names':{'plural':'gizmos','singular':'gizmo','kind':'Gizmo','listKind':'GizmoL"
     "ist'},'versions':[{'name':'v1','served':true,'storage':true,'schema':{'openAPIV3Schema':"
     "{'type':'object','properties':{'a':{'anyOf':[{'type':'string'}]}}}}}]}}",
     "[spec.validation.openAPIV3Schema.properties[a].anyOf[0].type: Forbidden: must be empty "
     "to be structural, spec.validation.openAPIV3Schema.properties[a].type: Required value: "
     "must not be empty for specified object fields]"},
    {OF("customresourcedefinitions"), NULL, NULL,
     "{'status':{'storedVersions':['v1']},'metadata':{'name':'gizmos.x.example.com'},'spec':{'group':'x."
     "example.com','scope':'Nam"
     "espaced','names':{'plural':'gizmos','singular':'gizmo','kind':'Gizmo','listKind':'GizmoL"
     "ist'},'versions':[{'name':'v1','served':true,'storage':true,'schema':{'openAPIV3Schema':"
     "{'type':'object','properties':{'a':{'type':'array'}}}}}]}}",
     "spec.validation.openAPIV3Schema.properties[a].items: Required value: must be specified"},
    {OF("customresourcedefinitions"), NULL, NULL,
     "{'status':{'storedVersions':['v1']},'metadata':{'name':'gizmos.x.example.com'},'spec':{'group':'x."
     "example.com','scope':'Nam"
     "espaced','names':{'plural':'gizmos','singular':'gizmo','kind':'Gizmo','listKind':'GizmoL"
     "ist'},'versions':[{'name':'v1','served':true,'storage':true,'schema':{'openAPIV3Schema':"
     "{'type':'object','properties':{'metadata':{'type':'object','properties':{'labels':{'type"
     "':'object'}}}}}}}]}}",
     "spec.validation.openAPIV3Schema.properties[metadata]: Forbidden: must not specify "
     "anything other than name and generateName, but metadata is implicitly specified"},
    {OF("customresourcedefinitions"), NULL, NULL,
     "{'status':{'storedVersions':['v1']},'metadata':{'name':'gizmos.x.example.com'},'spec':{'group':'x."
     "example.com','scope':'Nam"
     "espaced','names':{'plural':'gizmos','singular':'gizmo','kind':'Gizmo','listKind':'GizmoL"
     "ist'},'versions':[{'name':'v1','served':true,'storage':true,'schema':{'openAPIV3Schema':"
     "{'type':'object','properties':{'a':{'type':'string','$ref':'#/x'}}}}}]}}",
     "spec.validation.openAPIV3Schema.properties[a].$ref: Forbidden: $ref is not supported"},
    {OF("customresourcedefinitions"), NULL, NULL,
     "{'status':{'storedVersions':['v1']},'metadata':{'name':'gizmos.x.example.com'},'spec':{'group':'x."
     "example.com','scope':'Nam"
     "espaced','names':{'plural':'gizmos','singular':'gizmo','kind':'Gizmo','listKind':'GizmoL"
     "ist'},'versions':[{'name':'v1','served':true,'storage':true,'schema':{'openAPIV3Schema':"
     "{'type':'object','properties':{'a':{'type':'array','x-kubernetes-list-type':'map','x-kub"
     "ernetes-list-map-keys':['k'],'items':{'type':'object','properties':{'k':{'type':'string'"
     "}}}}}}}}]}}",
     "spec.validation.openAPIV3Schema.properties[a].items.properties[k].default: Required "
     "value: this property is in x-kubernetes-list-map-keys, so it must have a default or be "
     "a required property"},
    {OF("customresourcedefinitions"), NULL, NULL,
     "{'status':{'storedVersions':['v1']},'metadata':{'name':'gizmos.x.example.com'},'spec':{'group':'x."
     "example.com','scope':'Nam"
     "espaced','names':{'plural':'gizmos','singular':'gizmo','kind':'Gizmo','listKind':'GizmoL"
     "ist'},'versions':[{'name':'v1','served':true,'storage':true,'schema':{'openAPIV3Schema':"
     "{'type':'object','properties':{'a':{'x-kubernetes-int-or-string':true,'anyOf':[{'type':'"
     "integer'},{'type':'string'}]}}}}}]}}",
     NULL},
    {OF("customresourcedefinitions"), NULL, NULL,
     "{'status':{'storedVersions':['v1']},'metadata':{'name':'gizmos.x.example.com'},'spec':{'group':'x."
     "example.com','scope':'Nam"
     "espaced','names':{'plural':'gizmos','singular':'gizmo','kind':'Gizmo','listKind':'GizmoL"
     "ist'},'versions':[{'name':'v1','served':true,'storage':true,'schema':{'openAPIV3Schema':"
     "{'type':'object','x-kubernetes-preserve-unknown-fields':true}}}],'conversion':{'strategy"
     "':'Webhook','webhook':{'clientConfig':{'url':'http://x'},'conversionReviewVersions':['v2"
     "']}}}}",
     "[spec.conversion.webhookClientConfig.url: Invalid value: \"http\": 'https' is the only "
     "allowed URL scheme; desired format: https://host[/path], "
     "spec.conversion.conversionReviewVersions: Invalid value: [\"v2\"]: must include at "
     "least one of v1, v1beta1]"},
    {"apiextensions.k8s.io", "v1", "customresourcedefinitions", NULL, NULL,
     "{'metadata':{'name':'ws.rx.example.com'},'spec':{'group':'rx.example.com','scope':'Clust"
     "er','names':{'plural':'ws','kind':'W','listKind':'WList','singular':'w'},'conversion':{'"
     "strategy':'None'},'versions':[{'name':'v1','served':true,'storage':false,'schema':{'open"
     "APIV3Schema':{'type':'object','properties':{'b':{'type':'array','items':{'type':'integer"
     "','maximum':3.5},'x-kubernetes-list-type':'set'},'c':{'type':'object','additionalPropert"
     "ies':{'type':'string'}},'f':{'type':'object','additionalProperties':true}}}}},{'name':'v"
     "2','served':true,'storage':false,'schema':{'openAPIV3Schema':{'type':'object','propertie"
     "s':{'p':{'type':'string','pattern':'('}}}}}]}}",
     "[spec.versions[1].schema.openAPIV3Schema.properties[p].pattern: Invalid value: \"(\": mu"
     "st be a valid regular expression, but isn't: error parsing regexp: missing closing ): `("
     "`, spec.versions: Invalid value: [{\"Name\":\"v1\",\"Served\":true,\"Storage\":false,\"D"
     "eprecated\":false,\"DeprecationWarning\":null,\"Schema\":{\"OpenAPIV3Schema\":{\"ID\":\""
     "\",\"Schema\":\"\",\"Ref\":null,\"Description\":\"\",\"Type\":\"object\",\"Nullable\":fa"
     "lse,\"Format\":\"\",\"Title\":\"\",\"Default\":null,\"Maximum\":null,\"ExclusiveMaximum"
     "\":false,\"Minimum\":null,\"ExclusiveMinimum\":false,\"MaxLength\":null,\"MinLength\":nu"
     "ll,\"Pattern\":\"\",\"MaxItems\":null,\"MinItems\":null,\"UniqueItems\":false,\"Multiple"
     "Of\":null,\"Enum\":null,\"MaxProperties\":null,\"MinProperties\":null,\"Required\":null,"
     "\"Items\":null,\"AllOf\":null,\"OneOf\":null,\"AnyOf\":null,\"Not\":null,\"Properties\":"
     "{\"b\":{\"ID\":\"\",\"Schema\":\"\",\"Ref\":null,\"Description\":\"\",\"Type\":\"array\""
     ",\"Nullable\":false,\"Format\":\"\",\"Title\":\"\",\"Default\":null,\"Maximum\":null,\"E"
     "xclusiveMaximum\":false,\"Minimum\":null,\"ExclusiveMinimum\":false,\"MaxLength\":null,"
     "\"MinLength\":null,\"Pattern\":\"\",\"MaxItems\":null,\"MinItems\":null,\"UniqueItems\":"
     "false,\"MultipleOf\":null,\"Enum\":null,\"MaxProperties\":null,\"MinProperties\":null,\""
     "Required\":null,\"Items\":{\"Schema\":{\"ID\":\"\",\"Schema\":\"\",\"Ref\":null,\"Descri"
     "ption\":\"\",\"Type\":\"integer\",\"Nullable\":false,\"Format\":\"\",\"Title\":\"\",\"De"
     "fault\":null,\"Maximum\":3.5,\"ExclusiveMaximum\":false,\"Minimum\":null,\"ExclusiveMini"
     "mum\":false,\"MaxLength\":null,\"MinLength\":null,\"Pattern\":\"\",\"MaxItems\":null,\"M"
     "inItems\":null,\"UniqueItems\":false,\"MultipleOf\":null,\"Enum\":null,\"MaxProperties\""
     ":null,\"MinProperties\":null,\"Required\":null,\"Items\":null,\"AllOf\":null,\"OneOf\":n"
     "ull,\"AnyOf\":null,\"Not\":null,\"Properties\":null,\"AdditionalProperties\":null,\"Patt"
     "ernProperties\":null,\"Dependencies\":null,\"AdditionalItems\":null,\"Definitions\":null"
     ",\"ExternalDocs\":null,\"Example\":null,\"XPreserveUnknownFields\":null,\"XEmbeddedResou"
     "rce\":false,\"XIntOrString\":false,\"XListMapKeys\":null,\"XListType\":null,\"XMapType\""
     ":null,\"XValidations\":null},\"JSONSchemas\":null},\"AllOf\":null,\"OneOf\":null,\"AnyOf"
     "\":null,\"Not\":null,\"Properties\":null,\"AdditionalProperties\":null,\"PatternProperti"
     "es\":null,\"Dependencies\":null,\"AdditionalItems\":null,\"Definitions\":null,\"External"
     "Docs\":null,\"Example\":null,\"XPreserveUnknownFields\":null,\"XEmbeddedResource\":false"
     ",\"XIntOrString\":false,\"XListMapKeys\":null,\"XListType\":\"set\",\"XMapType\":null,\""
     "XValidations\":null},\"c\":{\"ID\":\"\",\"Schema\":\"\",\"Ref\":null,\"Description\":\""
     "\",\"Type\":\"object\",\"Nullable\":false,\"Format\":\"\",\"Title\":\"\",\"Default\":nul"
     "l,\"Maximum\":null,\"ExclusiveMaximum\":false,\"Minimum\":null,\"ExclusiveMinimum\":fals"
     "e,\"MaxLength\":null,\"MinLength\":null,\"Pattern\":\"\",\"MaxItems\":null,\"MinItems\":"
     "null,\"UniqueItems\":false,\"MultipleOf\":null,\"Enum\":null,\"MaxProperties\":null,\"Mi"
     "nProperties\":null,\"Required\":null,\"Items\":null,\"AllOf\":null,\"OneOf\":null,\"AnyO"
     "f\":null,\"Not\":null,\"Properties\":null,\"AdditionalProperties\":{\"Allows\":true,\"Sc"
     "hema\":{\"ID\":\"\",\"Schema\":\"\",\"Ref\":null,\"Description\":\"\",\"Type\":\"string"
     "\",\"Nullable\":false,\"Format\":\"\",\"Title\":\"\",\"Default\":null,\"Maximum\":null,"
     "\"ExclusiveMaximum\":false,\"Minimum\":null,\"ExclusiveMinimum\":false,\"MaxLength\":nul"
     "l,\"MinLength\":null,\"Pattern\":\"\",\"MaxItems\":null,\"MinItems\":null,\"UniqueItems"
     "\":false,\"MultipleOf\":null,\"Enum\":null,\"MaxProperties\":null,\"MinProperties\":null"
     ",\"Required\":null,\"Items\":null,\"AllOf\":null,\"OneOf\":null,\"AnyOf\":null,\"Not\":n"
     "ull,\"Properties\":null,\"AdditionalProperties\":null,\"PatternProperties\":null,\"Depen"
     "dencies\":null,\"AdditionalItems\":null,\"Definitions\":null,\"ExternalDocs\":null,\"Exa"
     "mple\":null,\"XPreserveUnknownFields\":null,\"XEmbeddedResource\":false,\"XIntOrString\""
     ":false,\"XListMapKeys\":null,\"XListType\":null,\"XMapType\":null,\"XValidations\":null}"
     "},\"PatternProperties\":null,\"Dependencies\":null,\"AdditionalItems\":null,\"Definition"
     "s\":null,\"ExternalDocs\":null,\"Example\":null,\"XPreserveUnknownFields\":null,\"XEmbed"
     "dedResource\":false,\"XIntOrString\":false,\"XListMapKeys\":null,\"XListType\":null,\"XM"
     "apType\":null,\"XValidations\":null},\"f\":{\"ID\":\"\",\"Schema\":\"\",\"Ref\":null,\"D"
     "escription\":\"\",\"Type\":\"object\",\"Nullable\":false,\"Format\":\"\",\"Title\":\"\","
     "\"Default\":null,\"Maximum\":null,\"ExclusiveMaximum\":false,\"Minimum\":null,\"Exclusiv"
     "eMinimum\":false,\"MaxLength\":null,\"MinLength\":null,\"Pattern\":\"\",\"MaxItems\":nul"
     "l,\"MinItems\":null,\"UniqueItems\":false,\"MultipleOf\":null,\"Enum\":null,\"MaxPropert"
     "ies\":null,\"MinProperties\":null,\"Required\":null,\"Items\":null,\"AllOf\":null,\"OneO"
     "f\":null,\"AnyOf\":null,\"Not\":null,\"Properties\":null,\"AdditionalProperties\":{\"All"
     "ows\":true,\"Schema\":null},\"PatternProperties\":null,\"Dependencies\":null,\"Additiona"
     "lItems\":null,\"Definitions\":null,\"ExternalDocs\":null,\"Example\":null,\"XPreserveUnk"
     "nownFields\":null,\"XEmbeddedResource\":false,\"XIntOrString\":false,\"XListMapKeys\":nu"
     "ll,\"XListType\":null,\"XMapType\":null,\"XValidations\":null}},\"AdditionalProperties\""
     ":null,\"PatternProperties\":null,\"Dependencies\":null,\"AdditionalItems\":null,\"Defini"
     "tions\":null,\"ExternalDocs\":null,\"Example\":null,\"XPreserveUnknownFields\":null,\"XE"
     "mbeddedResource\":false,\"XIntOrString\":false,\"XListMapKeys\":null,\"XListType\":null,"
     "\"XMapType\":null,\"XValidations\":null}},\"Subresources\":null,\"AdditionalPrinterColum"
     "ns\":null,\"SelectableFields\":null},{\"Name\":\"v2\",\"Served\":true,\"Storage\":false,"
     "\"Deprecated\":false,\"DeprecationWarning\":null,\"Schema\":{\"OpenAPIV3Schema\":{\"ID\""
     ":\"\",\"Schema\":\"\",\"Ref\":null,\"Description\":\"\",\"Type\":\"object\",\"Nullable\""
     ":false,\"Format\":\"\",\"Title\":\"\",\"Default\":null,\"Maximum\":null,\"ExclusiveMaxim"
     "um\":false,\"Minimum\":null,\"ExclusiveMinimum\":false,\"MaxLength\":null,\"MinLength\":"
     "null,\"Pattern\":\"\",\"MaxItems\":null,\"MinItems\":null,\"UniqueItems\":false,\"Multip"
     "leOf\":null,\"Enum\":null,\"MaxProperties\":null,\"MinProperties\":null,\"Required\":nul"
     "l,\"Items\":null,\"AllOf\":null,\"OneOf\":null,\"AnyOf\":null,\"Not\":null,\"Properties"
     "\":{\"p\":{\"ID\":\"\",\"Schema\":\"\",\"Ref\":null,\"Description\":\"\",\"Type\":\"stri"
     "ng\",\"Nullable\":false,\"Format\":\"\",\"Title\":\"\",\"Default\":null,\"Maximum\":null"
     ",\"ExclusiveMaximum\":false,\"Minimum\":null,\"ExclusiveMinimum\":false,\"MaxLength\":nu"
     "ll,\"MinLength\":null,\"Pattern\":\"(\",\"MaxItems\":null,\"MinItems\":null,\"UniqueItem"
     "s\":false,\"MultipleOf\":null,\"Enum\":null,\"MaxProperties\":null,\"MinProperties\":nul"
     "l,\"Required\":null,\"Items\":null,\"AllOf\":null,\"OneOf\":null,\"AnyOf\":null,\"Not\":"
     "null,\"Properties\":null,\"AdditionalProperties\":null,\"PatternProperties\":null,\"Depe"
     "ndencies\":null,\"AdditionalItems\":null,\"Definitions\":null,\"ExternalDocs\":null,\"Ex"
     "ample\":null,\"XPreserveUnknownFields\":null,\"XEmbeddedResource\":false,\"XIntOrString"
     "\":false,\"XListMapKeys\":null,\"XListType\":null,\"XMapType\":null,\"XValidations\":nul"
     "l}},\"AdditionalProperties\":null,\"PatternProperties\":null,\"Dependencies\":null,\"Add"
     "itionalItems\":null,\"Definitions\":null,\"ExternalDocs\":null,\"Example\":null,\"XPrese"
     "rveUnknownFields\":null,\"XEmbeddedResource\":false,\"XIntOrString\":false,\"XListMapKey"
     "s\":null,\"XListType\":null,\"XMapType\":null,\"XValidations\":null}},\"Subresources\":n"
     "ull,\"AdditionalPrinterColumns\":null,\"SelectableFields\":null}]: must have exactly one"
     " version marked as storage version, status.storedVersions: Invalid value: null: must hav"
     "e at least one stored version]"},
    {OF("customresourcedefinitions"), NULL, NULL,
     WITH_A_FIELD_OF_EACH_TYPE
     "s-validations':[{'rule':'self.nope > 1'},{'rule':'self.a +'},{'rule':'self.a'},{'rule'"
     ":''},{'rule':'self.a == self.b'},{'rule':'self.c__dash__d'},{'rule':'self.namespace =="
     " \\'x\\''},{'rule':'self.__namespace__ == \\'x\\''},{'rule':'self.l.all(x, x == 1)'},{"
     "'rule':'self.l[0] > 1'},{'rule':'self.m[\\'a\\'] == 1'},{'rule':'self.m.a == 1.0'},{'r"
     "ule':'self.o.x == \\'1\\''},{'rule':'self.o.y__underscores__z == 1'},{'rule':'self.i ="
     "= 1'},{'rule':'self.i'},{'rule':'self.u.x'},{'rule':'self.k == 1'},{'rule':'self.d == "
     "\\'x\\''},{'rule':'self.by == 1'},{'rule':'self.lo.exists(x, x.r == 1)'},{'rule':'self"
     ".lo == 1'}]}}}}}]}}",
     "spec.validation.openAPIV3Schema.properties[spec].x-kubernetes-validations[3].rule: Req"
     "uired value: rule is not specified"},
    {OF("customresourcedefinitions"), NULL, NULL,
     WITH_A_FIELD_OF_EACH_TYPE
     "s-validations':[{'rule':'self.e.kind == 1'},{'rule':'self.e.metadata.name == 1'},{'rul"
     "e':'self.e.metadata.namespace == \\'x\\''},{'rule':'self.e.foo'},{'rule':'self.ml.exis"
     "ts(x, x.n == 1)'},{'rule':'oldSelf.a == \\'x\\''},{'rule':'self == oldSelf'},{'rule':'"
     "authorizer.x'},{'rule':'self.metadata'}]}}}}}]}}",
     "[spec.validation.openAPIV3Schema.properties[spec].x-kubernetes-validations[0].rule: In"
     "valid value: {\"Rule\":\"self.e.kind == 1\",\"Message\":\"\",\"MessageExpression\":\""
     "\",\"Reason\":null,\"FieldPath\":\"\",\"OptionalOldSelf\":null}: compilation failed: E"
     "RROR: <input>:1:13: found no matching overload for '_==_' applied to '(string, int)'\n"
     " | self.e.kind == 1\n | ............^, spec.validation.openAPIV3Schema.properties[spec"
     "].x-kubernetes-validations[1].rule: Invalid value: {\"Rule\":\"self.e.metadata.name =="
     " 1\",\"Message\":\"\",\"MessageExpression\":\"\",\"Reason\":null,\"FieldPath\":\"\",\""
     "OptionalOldSelf\":null}: compilation failed: ERROR: <input>:1:22: found no matching ov"
     "erload for '_==_' applied to '(string, int)'\n | self.e.metadata.name == 1\n | ......."
     "..............^, spec.validation.openAPIV3Schema.properties[spec].x-kubernetes-validat"
     "ions[2].rule: Invalid value: {\"Rule\":\"self.e.metadata.namespace == \\\"x\\\"\",\"Me"
     "ssage\":\"\",\"MessageExpression\":\"\",\"Reason\":null,\"FieldPath\":\"\",\"OptionalO"
     "ldSelf\":null}: compilation failed: ERROR: <input>:1:16: undefined field 'namespace'\n"
     " | self.e.metadata.namespace == \"x\"\n | ...............^, spec.validation.openAPIV3S"
     "chema.properties[spec].x-kubernetes-validations[3].rule: Invalid value: {\"Rule\":\"se"
     "lf.e.foo\",\"Message\":\"\",\"MessageExpression\":\"\",\"Reason\":null,\"FieldPath\":"
     "\"\",\"OptionalOldSelf\":null}: compilation failed: ERROR: <input>:1:7: undefined fiel"
     "d 'foo'\n | self.e.foo\n | ......^, spec.validation.openAPIV3Schema.properties[spec].x"
     "-kubernetes-validations[4].rule: Invalid value: {\"Rule\":\"self.ml.exists(x, x.n == 1"
     ")\",\"Message\":\"\",\"MessageExpression\":\"\",\"Reason\":null,\"FieldPath\":\"\",\"O"
     "ptionalOldSelf\":null}: compilation failed: ERROR: <input>:1:23: found no matching ove"
     "rload for '_==_' applied to '(string, int)'\n | self.ml.exists(x, x.n == 1)\n | ......"
     "................^, spec.validation.openAPIV3Schema.properties[spec].x-kubernetes-valid"
     "ations[5].rule: Invalid value: {\"Rule\":\"oldSelf.a == \\\"x\\\"\",\"Message\":\"\","
     "\"MessageExpression\":\"\",\"Reason\":null,\"FieldPath\":\"\",\"OptionalOldSelf\":null"
     "}: compilation failed: ERROR: <input>:1:11: found no matching overload for '_==_' appl"
     "ied to '(int, string)'\n | oldSelf.a == \"x\"\n | ..........^, spec.validation.openAPI"
     "V3Schema.properties[spec].x-kubernetes-validations[7].rule: Invalid value: {\"Rule\":"
     "\"authorizer.x\",\"Message\":\"\",\"MessageExpression\":\"\",\"Reason\":null,\"FieldPa"
     "th\":\"\",\"OptionalOldSelf\":null}: compilation failed: ERROR: <input>:1:1: undeclare"
     "d reference to 'authorizer' (in container '')\n | authorizer.x\n | ^, spec.validation."
     "openAPIV3Schema.properties[spec].x-kubernetes-validations[8].rule: Invalid value: {\"R"
     "ule\":\"self.metadata\",\"Message\":\"\",\"MessageExpression\":\"\",\"Reason\":null,\""
     "FieldPath\":\"\",\"OptionalOldSelf\":null}: compilation failed: ERROR: <input>:1:5: un"
     "defined field 'metadata'\n | self.metadata\n | ....^]"},
    {OF("customresourcedefinitions"), NULL, NULL,
     WITH_A_FIELD_OF_EACH_TYPE
     "s-validations':[{'rule':'self.a > 1','messageExpression':'self.a'},{'rule':'self.a > 1"
     "','messageExpression':'self.nope'},{'rule':'self.a > 1','messageExpression':'\\'a\\' +"
     "','message':'m','reason':'FieldValueForbidden','fieldPath':'.a'},{'rule':'self.nope','"
     "messageExpression':'1 +'}]}}}}}]}}",
     "[spec.validation.openAPIV3Schema.properties[spec].x-kubernetes-validations[0].messageE"
     "xpression: Invalid value: {\"Rule\":\"self.a \\u003e 1\",\"Message\":\"\",\"MessageExp"
     "ression\":\"self.a\",\"Reason\":null,\"FieldPath\":\"\",\"OptionalOldSelf\":null}: mes"
     "sageExpression must evaluate to a string, spec.validation.openAPIV3Schema.properties[s"
     "pec].x-kubernetes-validations[1].messageExpression: Invalid value: {\"Rule\":\"self.a "
     "\\u003e 1\",\"Message\":\"\",\"MessageExpression\":\"self.nope\",\"Reason\":null,\"Fie"
     "ldPath\":\"\",\"OptionalOldSelf\":null}: messageExpression compilation failed: ERROR: "
     "<input>:1:5: undefined field 'nope'\n | self.nope\n | ....^, spec.validation.openAPIV3"
     "Schema.properties[spec].x-kubernetes-validations[2].messageExpression: Invalid value: "
     "{\"Rule\":\"self.a \\u003e 1\",\"Message\":\"m\",\"MessageExpression\":\"\\\"a\\\" +\""
     ",\"Reason\":\"FieldValueForbidden\",\"FieldPath\":\".a\",\"OptionalOldSelf\":null}: me"
     "ssageExpression compilation failed: ERROR: <input>:1:6: Syntax error: mismatched input"
     " '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, "
     "NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | \"a\" +\n | .....^, spec.validation."
     "openAPIV3Schema.properties[spec].x-kubernetes-validations[3].rule: Invalid value: {\"R"
     "ule\":\"self.nope\",\"Message\":\"\",\"MessageExpression\":\"1 +\",\"Reason\":null,\"F"
     "ieldPath\":\"\",\"OptionalOldSelf\":null}: compilation failed: ERROR: <input>:1:5: und"
     "efined field 'nope'\n | self.nope\n | ....^]"},
    {OF("customresourcedefinitions"), NULL, NULL,
     WITH_A_FIELD_OF_EACH_TYPE
     "s-validations':[{'rule':'self.a > 1\\n&& self.b == \\'x\\''},{'rule':'self.a > 1','mes"
     "sageExpression':'  '},{'rule':'self.a > 1','reason':'x'},{'rule':'self.a > 1','fieldPa"
     "th':' '},{'rule':'self.a > 1','fieldPath':'.zz'},{'rule':'self.a > 1','fieldPath':'.a"
     "\\n'},{'rule':'self.a > 1','fieldPath':'.m[\\'x\\']'},{'rule':'self.a > 1','fieldPath'"
     ":'[\\'a\\']'},{'rule':'self.a > 1','fieldPath':'.o.x'},{'rule':'self.a > 1','fieldPath"
     "':'a'},{'rule':'self.a > 1','fieldPath':'.l[0]'},{'rule':'self.a > 1','fieldPath':'.o["
     "\\'x\\''},{'rule':'self.a > 1','fieldPath':'.c-d'}]}}}}}]}}",
     "[spec.validation.openAPIV3Schema.properties[spec].x-kubernetes-validations[0].message:"
     " Required value: message must be specified if rule contains line breaks, spec.validati"
     "on.openAPIV3Schema.properties[spec].x-kubernetes-validations[1].messageExpression: Req"
     "uired value: messageExpression must be non-empty if specified, spec.validation.openAPI"
     "V3Schema.properties[spec].x-kubernetes-validations[2].reason: Unsupported value: \"x\""
     ": supported values: \"FieldValueDuplicate\", \"FieldValueForbidden\", \"FieldValueInva"
     "lid\", \"FieldValueRequired\", spec.validation.openAPIV3Schema.properties[spec].x-kube"
     "rnetes-validations[3].fieldPath: Invalid value: \" \": must be non-empty if specified,"
     " spec.validation.openAPIV3Schema.properties[spec].x-kubernetes-validations[3].fieldPat"
     "h: Invalid value: \" \": must be a valid path, spec.validation.openAPIV3Schema.propert"
     "ies[spec].x-kubernetes-validations[4].fieldPath: Invalid value: \".zz\": must be a val"
     "id path, spec.validation.openAPIV3Schema.properties[spec].x-kubernetes-validations[5]."
     "fieldPath: Invalid value: \".a\\n\": must not contain line breaks, spec.validation.ope"
     "nAPIV3Schema.properties[spec].x-kubernetes-validations[5].fieldPath: Invalid value: \""
     ".a\\n\": must be a valid path, spec.validation.openAPIV3Schema.properties[spec].x-kube"
     "rnetes-validations[6].fieldPath: Invalid value: \".m[\\\"x\\\"]\": must be a valid pat"
     "h, spec.validation.openAPIV3Schema.properties[spec].x-kubernetes-validations[7].fieldP"
     "ath: Invalid value: \"[\\\"a\\\"]\": must be a valid path, spec.validation.openAPIV3Sc"
     "hema.properties[spec].x-kubernetes-validations[9].fieldPath: Invalid value: \"a\": mus"
     "t be a valid path, spec.validation.openAPIV3Schema.properties[spec].x-kubernetes-valid"
     "ations[10].fieldPath: Invalid value: \".l[0]\": must be a valid path, spec.validation."
     "openAPIV3Schema.properties[spec].x-kubernetes-validations[11].fieldPath: Invalid value"
     ": \".o[\\\"x\\\"\": must be a valid path]"},
    {OF("customresourcedefinitions"), NULL, NULL,
     WITH_A_FIELD_OF_EACH_TYPE
     "s-validations':[{'rule':'self.a > 1','optionalOldSelf':true},{'rule':'oldSelf.hasValue"
     "()','optionalOldSelf':true},{'rule':'oldSelf.a > 1','optionalOldSelf':true},{'rule':'s"
     "elf.nope','optionalOldSelf':false},{'rule':'oldSelf.orValue(self) == self','optionalOl"
     "dSelf':true}]}}}}}]}}",
     "[spec.validation.openAPIV3Schema.properties[spec].x-kubernetes-validations[0].optional"
     "OldSelf: Invalid value: true: may not be set if oldSelf is not used in rule, spec.vali"
     "dation.openAPIV3Schema.properties[spec].x-kubernetes-validations[2].rule: Invalid valu"
     "e: {\"Rule\":\"oldSelf.a \\u003e 1\",\"Message\":\"\",\"MessageExpression\":\"\",\"Rea"
     "son\":null,\"FieldPath\":\"\",\"OptionalOldSelf\":true}: compilation failed: ERROR: <i"
     "nput>:1:11: found no matching overload for '_>_' applied to '(optional_type(int), int)"
     "'\n | oldSelf.a > 1\n | ..........^, spec.validation.openAPIV3Schema.properties[spec]."
     "x-kubernetes-validations[2].optionalOldSelf: Invalid value: true: may not be set if ol"
     "dSelf is not used in rule, spec.validation.openAPIV3Schema.properties[spec].x-kubernet"
     "es-validations[3].rule: Invalid value: {\"Rule\":\"self.nope\",\"Message\":\"\",\"Mess"
     "ageExpression\":\"\",\"Reason\":null,\"FieldPath\":\"\",\"OptionalOldSelf\":false}: co"
     "mpilation failed: ERROR: <input>:1:5: undefined field 'nope'\n | self.nope\n | ....^, "
     "spec.validation.openAPIV3Schema.properties[spec].x-kubernetes-validations[3].optionalO"
     "ldSelf: Invalid value: false: may not be set if oldSelf is not used in rule]"},
    {OF("customresourcedefinitions"), NULL, NULL,
     "{'status':{'storedVersions':['v1']},'metadata':{'name':'widgets.x.example.com'},'spec'"
     ":{'group':'x.example.com','scope':'Namespaced','names':{'plural':'widgets','singular':"
     "'widget','kind':'Widget','listKind':'WidgetList'},'versions':[{'name':'v1','served':tr"
     "ue,'storage':true,'schema':{'openAPIV3Schema':{'type':'object','properties':{'spec':{'"
     "type':'object','properties':{'l':{'type':'array','maxItems':3,'items':{'type':'integer"
     "','x-kubernetes-validations':[{'rule':'self > oldSelf'},{'rule':'self > 1'},{'rule':'s"
     "elf == \\'x\\''}]}},'m':{'type':'array','maxItems':3,'x-kubernetes-list-type':'map','x"
     "-kubernetes-list-map-keys':['n'],'items':{'type':'object','required':['n'],'properties"
     "':{'n':{'type':'string','maxLength':3}},'x-kubernetes-validations':[{'rule':'self.n =="
     " oldSelf.n'},{'rule':'self.x'}]}},'p':{'type':'object','maxProperties':3,'additionalPr"
     "operties':{'type':'string','maxLength':5,'x-kubernetes-validations':[{'rule':'self > o"
     "ldSelf'},{'rule':'self > 1'}]}},'q':{'x-kubernetes-preserve-unknown-fields':true}}}},'"
     "x-kubernetes-validations':[{'rule':'self.spec.l.size() > 1'},{'rule':'self.metadata.na"
     "me == 1'},{'rule':'self.metadata.labels'},{'rule':'self.kind'},{'rule':'self.apiVersio"
     "n == 1'},{'rule':'self.status'},{'rule':'self.spec.q'}]}}}]}}",
     "[spec.validation.openAPIV3Schema.properties[spec].properties[l].items.x-kubernetes-val"
     "idations[0].rule: Invalid value: \"self > oldSelf\": oldSelf cannot be used on the unc"
     "orrelatable portion of the schema within spec.validation.openAPIV3Schema.properties[sp"
     "ec].properties[l], spec.validation.openAPIV3Schema.properties[spec].properties[l].item"
     "s.x-kubernetes-validations[2].rule: Invalid value: {\"Rule\":\"self == \\\"x\\\"\",\"M"
     "essage\":\"\",\"MessageExpression\":\"\",\"Reason\":null,\"FieldPath\":\"\",\"Optional"
     "OldSelf\":null}: compilation failed: ERROR: <input>:1:6: found no matching overload fo"
     "r '_==_' applied to '(int, string)'\n | self == \"x\"\n | .....^, spec.validation.open"
     "APIV3Schema.properties[spec].properties[m].items.x-kubernetes-validations[1].rule: Inv"
     "alid value: {\"Rule\":\"self.x\",\"Message\":\"\",\"MessageExpression\":\"\",\"Reason"
     "\":null,\"FieldPath\":\"\",\"OptionalOldSelf\":null}: compilation failed: ERROR: <inpu"
     "t>:1:5: undefined field 'x'\n | self.x\n | ....^, spec.validation.openAPIV3Schema.prop"
     "erties[spec].properties[p].additionalProperties.x-kubernetes-validations[1].rule: Inva"
     "lid value: {\"Rule\":\"self \\u003e 1\",\"Message\":\"\",\"MessageExpression\":\"\",\""
     "Reason\":null,\"FieldPath\":\"\",\"OptionalOldSelf\":null}: compilation failed: ERROR:"
     " <input>:1:6: found no matching overload for '_>_' applied to '(string, int)'\n | self"
     " > 1\n | .....^, spec.validation.openAPIV3Schema.x-kubernetes-validations[1].rule: Inv"
     "alid value: {\"Rule\":\"self.metadata.name == 1\",\"Message\":\"\",\"MessageExpression"
     "\":\"\",\"Reason\":null,\"FieldPath\":\"\",\"OptionalOldSelf\":null}: compilation fail"
     "ed: ERROR: <input>:1:20: found no matching overload for '_==_' applied to '(string, in"
     "t)'\n | self.metadata.name == 1\n | ...................^, spec.validation.openAPIV3Sch"
     "ema.x-kubernetes-validations[2].rule: Invalid value: {\"Rule\":\"self.metadata.labels"
     "\",\"Message\":\"\",\"MessageExpression\":\"\",\"Reason\":null,\"FieldPath\":\"\",\"Op"
     "tionalOldSelf\":null}: compilation failed: ERROR: <input>:1:14: undefined field 'label"
     "s'\n | self.metadata.labels\n | .............^, spec.validation.openAPIV3Schema.x-kube"
     "rnetes-validations[3].rule: Invalid value: {\"Rule\":\"self.kind\",\"Message\":\"\",\""
     "MessageExpression\":\"\",\"Reason\":null,\"FieldPath\":\"\",\"OptionalOldSelf\":null}:"
     " cel expression must evaluate to a bool, spec.validation.openAPIV3Schema.x-kubernetes-"
     "validations[4].rule: Invalid value: {\"Rule\":\"self.apiVersion == 1\",\"Message\":\""
     "\",\"MessageExpression\":\"\",\"Reason\":null,\"FieldPath\":\"\",\"OptionalOldSelf\":n"
     "ull}: compilation failed: ERROR: <input>:1:17: found no matching overload for '_==_' a"
     "pplied to '(string, int)'\n | self.apiVersion == 1\n | ................^, spec.validat"
     "ion.openAPIV3Schema.x-kubernetes-validations[5].rule: Invalid value: {\"Rule\":\"self."
     "status\",\"Message\":\"\",\"MessageExpression\":\"\",\"Reason\":null,\"FieldPath\":\""
     "\",\"OptionalOldSelf\":null}: compilation failed: ERROR: <input>:1:5: undefined field "
     "'status'\n | self.status\n | ....^, spec.validation.openAPIV3Schema.x-kubernetes-valid"
     "ations[6].rule: Invalid value: {\"Rule\":\"self.spec.q\",\"Message\":\"\",\"MessageExp"
     "ression\":\"\",\"Reason\":null,\"FieldPath\":\"\",\"OptionalOldSelf\":null}: compilati"
     "on failed: ERROR: <input>:1:10: undefined field 'q'\n | self.spec.q\n | .........^]"},
    {OF("customresourcedefinitions"), NULL, NULL,
     "{'status':{'storedVersions':['v1']},'metadata':{'name':'widgets.x.example.com'},'spec'"
     ":{'group':'x.example.com','scope':'Namespaced','names':{'plural':'widgets','singular':"
     "'widget','kind':'Widget','listKind':'WidgetList'},'versions':[{'name':'v1','served':tr"
     "ue,'storage':true,'schema':{'openAPIV3Schema':{'type':'object','properties':{'spec':{'"
     "type':'object','properties':{'q':{'x-kubernetes-preserve-unknown-fields':true,'x-kuber"
     "netes-validations':[{'rule':'self.a'}]},'a':{'type':'integer','x-kubernetes-validation"
     "s':[{'rule':'self > 1'},{'rule':'self.x'}]},'t':{'type':'string','maxLength':5,'x-kube"
     "rnetes-validations':[{'rule':'self.matches(\\'[\\')'},{'rule':'self.startsWith(1)'},{'"
     "rule':'self.size()'},{'rule':'quantity(self).isLessThan(quantity(\\'1\\'))'},{'rule':'"
     "isIP(self) && ip(self).family() == 4'},{'rule':'format.dns1123Label().validate(self).h"
     "asValue()'}]}}}}}}}]}}",
     "[spec.validation.openAPIV3Schema.properties[spec].properties[q].x-kubernetes-validatio"
     "ns: Internal error: internal error: failed to construct type information for x-kuberne"
     "tes-validations rules: unable to convert structural schema to CEL declarations, spec.v"
     "alidation.openAPIV3Schema.properties[spec].properties[a].x-kubernetes-validations[1].r"
     "ule: Invalid value: {\"Rule\":\"self.x\",\"Message\":\"\",\"MessageExpression\":\"\","
     "\"Reason\":null,\"FieldPath\":\"\",\"OptionalOldSelf\":null}: compilation failed: ERRO"
     "R: <input>:1:5: type 'int' does not support field selection\n | self.x\n | ....^, spec"
     ".validation.openAPIV3Schema.properties[spec].properties[t].x-kubernetes-validations[0]"
     ".rule: Invalid value: {\"Rule\":\"self.matches(\\\"[\\\")\",\"Message\":\"\",\"Message"
     "Expression\":\"\",\"Reason\":null,\"FieldPath\":\"\",\"OptionalOldSelf\":null}: compil"
     "ation failed: ERROR: <input>:1:14: invalid matches argument\n | self.matches(\"[\")\n "
     "| .............^, spec.validation.openAPIV3Schema.properties[spec].properties[t].x-kub"
     "ernetes-validations[1].rule: Invalid value: {\"Rule\":\"self.startsWith(1)\",\"Message"
     "\":\"\",\"MessageExpression\":\"\",\"Reason\":null,\"FieldPath\":\"\",\"OptionalOldSel"
     "f\":null}: compilation failed: ERROR: <input>:1:16: found no matching overload for 'st"
     "artsWith' applied to 'string.(int)'\n | self.startsWith(1)\n | ...............^, spec."
     "validation.openAPIV3Schema.properties[spec].properties[t].x-kubernetes-validations[2]."
     "rule: Invalid value: {\"Rule\":\"self.size()\",\"Message\":\"\",\"MessageExpression\":"
     "\"\",\"Reason\":null,\"FieldPath\":\"\",\"OptionalOldSelf\":null}: cel expression must"
     " evaluate to a bool]"},
    {OF("customresourcedefinitions"), NULL, NULL,
     "{'status':{'storedVersions':['v1']},'metadata':{'name':'widgets.x.example.com'},'spec'"
     ":{'group':'x.example.com','scope':'Namespaced','names':{'plural':'widgets','singular':"
     "'widget','kind':'Widget','listKind':'WidgetList'},'versions':[{'name':'v1','served':tr"
     "ue,'storage':true,'schema':{'openAPIV3Schema':{'type':'object','properties':{'spec':{'"
     "type':'object','properties':{'a':{'type':'array','items':{'type':'string'}},'s':{'type"
     "':'string'},'t':{'type':'string'}},'x-kubernetes-validations':[{'rule':'self.a.all(x, "
     "self.a.all(y, x == y))'},{'rule':'self.a.all(x, x == \\'a\\')'},{'rule':'self.s.contai"
     "ns(self.t)'},{'rule':'self.s == self.t'}]}}}}}]}}",
     "[spec.validation.openAPIV3Schema.properties[spec].x-kubernetes-validations[0].rule: Fo"
     "rbidden: estimated rule cost exceeds budget by factor of more than 100x (try simplifyi"
     "ng the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and "
     "strings are declared), spec.validation.openAPIV3Schema.properties[spec].x-kubernetes-v"
     "alidations[2].rule: Forbidden: estimated rule cost exceeds budget by factor of more th"
     "an 100x (try simplifying the rule, or adding maxItems, maxProperties, and maxLength wh"
     "ere arrays, maps, and strings are declared), spec.validation.openAPIV3Schema.propertie"
     "s[spec].x-kubernetes-validations[0].rule: Forbidden: contributed to estimated rule cos"
     "t total exceeding cost limit for entire OpenAPIv3 schema, spec.validation.openAPIV3Sch"
     "ema.properties[spec].x-kubernetes-validations[2].rule: Forbidden: contributed to estim"
     "ated rule cost total exceeding cost limit for entire OpenAPIv3 schema, spec.validation"
     ".openAPIV3Schema.properties[spec].x-kubernetes-validations[1].rule: Forbidden: contrib"
     "uted to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema, sp"
     "ec.validation.openAPIV3Schema: Forbidden: x-kubernetes-validations estimated rule cost"
     " total for entire OpenAPIv3 schema exceeds budget by factor of more than 100x (try sim"
     "plifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps"
     ", and strings are declared)]"},
    {OF("customresourcedefinitions"), NULL, NULL,
     "{'status':{'storedVersions':['v1']},'metadata':{'name':'widgets.x.example.com'},'spec'"
     ":{'group':'x.example.com','scope':'Namespaced','names':{'plural':'widgets','singular':"
     "'widget','kind':'Widget','listKind':'WidgetList'},'versions':[{'name':'v1','served':tr"
     "ue,'storage':true,'schema':{'openAPIV3Schema':{'type':'object','properties':{'spec':{'"
     "type':'array','maxItems':10,'items':{'type':'object','properties':{'al':{'type':'array"
     "','maxItems':100,'items':{'type':'string','maxLength':50}},'s':{'type':'string'},'m':{"
     "'type':'object','additionalProperties':{'type':'string'}}},'x-kubernetes-validations':"
     "[{'rule':'self.al.all(x, x.matches(\\'[a-z]+\\'))'},{'rule':'self.m.all(k, self.m[k] ="
     "= \\'x\\')'},{'rule':'self.s.split(\\',\\').all(x, x.size() > 1)'},{'rule':'self.s.rep"
     "lace(\\'a\\',\\'bb\\').contains(\\'c\\')'}]}}}}}}]}}",
     "[spec.validation.openAPIV3Schema.properties[spec].items.x-kubernetes-validations[1].ru"
     "le: Forbidden: estimated rule cost exceeds budget by factor of 3.1x (try simplifying t"
     "he rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and stri"
     "ngs are declared), spec.validation.openAPIV3Schema.properties[spec].items.x-kubernetes"
     "-validations[2].rule: Forbidden: estimated rule cost exceeds budget by factor of 19.5x"
     " (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arr"
     "ays, maps, and strings are declared), spec.validation.openAPIV3Schema.properties[spec]"
     ".items.x-kubernetes-validations[3].rule: Forbidden: estimated rule cost exceeds budget"
     " by factor of 1.258294x (try simplifying the rule, or adding maxItems, maxProperties, "
     "and maxLength where arrays, maps, and strings are declared), spec.validation.openAPIV3"
     "Schema.properties[spec].items.x-kubernetes-validations[2].rule: Forbidden: contributed"
     " to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema, spec.v"
     "alidation.openAPIV3Schema.properties[spec].items.x-kubernetes-validations[1].rule: For"
     "bidden: contributed to estimated rule cost total exceeding cost limit for entire OpenA"
     "PIv3 schema, spec.validation.openAPIV3Schema.properties[spec].items.x-kubernetes-valid"
     "ations[3].rule: Forbidden: contributed to estimated rule cost total exceeding cost lim"
     "it for entire OpenAPIv3 schema, spec.validation.openAPIV3Schema: Forbidden: x-kubernet"
     "es-validations estimated rule cost total for entire OpenAPIv3 schema exceeds budget by"
     " factor of 2.4x (try simplifying the rule, or adding maxItems, maxProperties, and maxL"
     "ength where arrays, maps, and strings are declared)]"},
    {OF("customresourcedefinitions"), NULL, NULL,
     "{'status':{'storedVersions':['v1']},'metadata':{'name':'widgets.x.example.com'},'spec'"
     ":{'group':'x.example.com','scope':'Namespaced','names':{'plural':'widgets','singular':"
     "'widget','kind':'Widget','listKind':'WidgetList'},'versions':[{'name':'v1','served':tr"
     "ue,'storage':true,'schema':{'openAPIV3Schema':{'type':'object','properties':{'spec':{'"
     "type':'array','items':{'type':'object','properties':{'s':{'type':'string'},'b':{'type'"
     ":'array','items':{'type':'object','required':['k','long-name'],'properties':{'k':{'typ"
     "e':'string'},'long-name':{'type':'integer'},'d':{'type':'string','default':'x'}}}}},'x"
     "-kubernetes-validations':[{'rule':'self.s.size() > 1','messageExpression':'self.s.repl"
     "ace(\\'a\\', self.s)'},{'rule':'self.b.all(x, x.k == \\'a\\')','messageExpression':'se"
     "lf.s.replace(\\'a\\', self.s)'}]}}}}}}]}}",
     "[spec.validation.openAPIV3Schema.properties[spec].items.x-kubernetes-validations[1].ru"
     "le: Forbidden: estimated rule cost exceeds budget by factor of more than 100x (try sim"
     "plifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps"
     ", and strings are declared), spec.validation.openAPIV3Schema.properties[spec].items.x-"
     "kubernetes-validations[1].rule: Forbidden: contributed to estimated rule cost total ex"
     "ceeding cost limit for entire OpenAPIv3 schema, spec.validation.openAPIV3Schema.proper"
     "ties[spec].items.x-kubernetes-validations[0].rule: Forbidden: contributed to estimated"
     " rule cost total exceeding cost limit for entire OpenAPIv3 schema, spec.validation.ope"
     "nAPIV3Schema: Forbidden: x-kubernetes-validations estimated rule cost total for entire"
     " OpenAPIv3 schema exceeds budget by factor of more than 100x (try simplifying the rule"
     ", or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are"
     " declared)]"},
};

static void crds(void **state)
{
    CHECK_CASES(CASES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(crds)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
