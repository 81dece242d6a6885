DROP TABLE mosip_license;
DROP TABLE mosip_zk_key;
