/* What is said of CustomResourceDefinitions. */
#include "cases.h"

#define OF(plural) "apiextensions.k8s.io", "v1", plural

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
