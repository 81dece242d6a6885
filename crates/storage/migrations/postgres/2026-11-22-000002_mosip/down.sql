DROP TABLE mosip_alias;
DROP TABLE mosip_policy;
